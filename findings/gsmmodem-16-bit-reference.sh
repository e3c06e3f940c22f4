#!/usr/bin/env bash
# python-gsmmodem loses the first letter of each part that has a 16-bit reference.
#
# Guess: a decoder that knows both concatenation headers (8-bit reference, 5 octets; 16-bit, 6) reads the text behind
# either.
# Instead: behind the 16-bit one the text starts on a septet's boundary, there are no fill bits, and the decoder takes
# the first octet for them: the first letter of every part is gone, silently. Two other decoders read the same PDU.
# Why it matters: a gateway that prefers 16-bit references, since 8-bit ones collide soon, garbles what such a receiver
# shows: "4711 is your code" arrives as "711 is your code". A modem pool on this library corrupts long replies alike.
. "$(dirname "$0")/lib/finding.sh"

python_with python-gsmmodem-new==0.13.0 smspdudecoder==2.2.0 bitstring==4.4.0 pdusms==1.0

python <<'PYTHON'
from finding import see
import gsmmodem.pdu
import smspdu.pdu
import smspdudecoder.easy

# SMS-DELIVER from +14155550100, alphabet 0, "hello" in part 1 of 2, reference A7 or A701.
eight = "00440B914151550501F00000623041519062000C050003A70201D06536FB0D"
sixteen = "00440B914151550501F00000623041519062000D060804A7010201E8329BFD06"
for name, decode, found in (
    ("python-gsmmodem", lambda pdu: gsmmodem.pdu.decodeSmsPdu(pdu)["text"], "ello"),
    ("smspdudecoder", lambda pdu: smspdudecoder.easy.read_incoming_sms(pdu)["content"], "hello"),
    ("pdusms", lambda pdu: smspdu.pdu.SMS_DELIVER.fromPDU(pdu[2:], "").user_data, "hello"),
):
    see(f"{name}, 8-bit reference", decode(eight), "hello")
    see(f"{name}, 16-bit reference", decode(sixteen), found)
header = gsmmodem.pdu.decodeSmsPdu(sixteen)["udh"][0]
see("python-gsmmodem's header", (hex(header.reference), header.parts, header.number), ("0xa701", 2, 1))
PYTHON
