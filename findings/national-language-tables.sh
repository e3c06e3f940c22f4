#!/usr/bin/env bash
# Four PDU decoders read texts in the national tables of GSM 7-bit as other words, without an error.
#
# Guess: the national language shift tables are in 3GPP TS 23.038 since 2008, so a decoder knows them, or at least says
# that the user data header has an element (0x24 single shift, 0x25 locking) that changes the alphabet.
# Instead: all four step over the element and read on with the default tables. The locking shift makes "değer" "deøer",
# "Não" "Näo" and the Hindi "no" "/MR£". Behind the single shift's escape they differ: a space, a no-break space,
# nothing, or the bare letter, so that "cancelación" is four other words. gsmcodecs, which has the tables, reads each.
# Why it matters: handsets in Turkey, Spain, Portugal and India use them because UCS-2 costs twice the parts. A reply
# reaches the service as another word, and a keyword that stops messages is not found in it.
. "$(dirname "$0")/lib/finding.sh"

python_with smspdudecoder==2.2.0 bitstring==4.4.0 python-messaging==0.5.13 python-gsmmodem-new==0.13.0 pdusms==1.0 \
    gsmcodecs==1.0.0

python <<'PYTHON'
from finding import see
import gsmcodecs
import gsmmodem.pdu
from messaging.sms import SmsDeliver
import smspdu.pdu
import smspdudecoder.easy

decoders = {
    "smspdudecoder": lambda pdu: smspdudecoder.easy.read_incoming_sms(pdu)["content"],
    "python-messaging": lambda pdu: SmsDeliver(pdu).text,
    "python-gsmmodem": lambda pdu: gsmmodem.pdu.decodeSmsPdu(pdu)["text"],
    "pdusms": lambda pdu: smspdu.pdu.SMS_DELIVER.fromPDU(pdu[2:], "").user_data,
}


def deliver(element, language, septets):
    """An SMS-DELIVER from +14155550100; its header of four octets, which names the table, takes five septets."""
    bits = sum(septet << (35 + 7 * place) for place, septet in enumerate(septets))
    octets = bytearray(bits.to_bytes((35 + 7 * len(septets) + 7) // 8, "little"))
    octets[:4] = bytes((3, element, 1, language))
    return f"00440B914151550501F0000062304151906200{5 + len(septets):02X}{octets.hex().upper()}"


for text, element, language, found in (
    ("değer", 0x25, 1, ["deøer"] * 4),
    ("Não", 0x25, 3, ["Näo"] * 4),
    ("नहीं", 0x25, 6, ["/MR£"] * 4),
    ("değer", 0x24, 1, ["de er", "de\xa0ger", "deer", "deger"]),
    ("cancelación", 0x24, 2, ["cancelaci n", "cancelaci\xa0on", "cancelacin", "cancelacion"]),
):
    table = f"gsm23.038-{language}-0" if element == 0x25 else f"gsm23.038-0-{language}"
    septets = text.encode(table)
    see(f"{text}, element {element:#x}, language {language}: gsmcodecs", septets.decode(table), text)
    pdu = deliver(element, language, septets)
    for (name, read), seen in zip(decoders.items(), found):
        see(f"{text}: {name}", read(pdu), seen)
PYTHON
