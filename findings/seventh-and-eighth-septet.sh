#!/usr/bin/env bash
# Seven octets hold seven septets or eight, and each decoder guesses in its own way which.
#
# Guess: the lengths in the PDU decide: 13 semi-octets of a sender are seven letters, a TP-UDL of 8 is eight.
# Instead: smspdudecoder and python-messaging go by the octets: a sender of seven letters gets an @ behind it (seven
# zero bits are an @). python-gsmmodem and pdusms drop an @ that is there: a text of 8, 16, … letters that ends with @
# loses it, though TP-UDL counts it.
# Why it matters: replies and allow-lists match senders by text, and "MyBank7@" is not "MyBank7". Eight-letter texts
# that end with @ are rare; senders of seven letters are not.
. "$(dirname "$0")/lib/finding.sh"

python_with smspdudecoder==2.2.0 bitstring==4.4.0 python-messaging==0.5.13 python-gsmmodem-new==0.13.0 pdusms==1.0

python <<'PYTHON'
from finding import see
import gsmmodem.pdu
from messaging.sms import SmsDeliver
import smspdu.pdu
import smspdudecoder.easy


def decoder(pdu):
    read = smspdudecoder.easy.read_incoming_sms(pdu)
    return read["sender"], read["content"]


def messaging(pdu):
    read = SmsDeliver(pdu)
    return read.number, read.text


def modem(pdu):
    read = gsmmodem.pdu.decodeSmsPdu(pdu)
    return read["number"], read["text"]


def pdusms(pdu):
    read = smspdu.pdu.SMS_DELIVER.fromPDU(pdu[2:], "")
    return read.tp_address, read.user_data


# SMS-DELIVER, alphabet 0: from the sender MyBank7 (length 0D) "hello"; from +14155550100 "1234567@" (TP-UDL 08).
sender = "00040DD0CDBC30EC5EDF0000006230415190620005E8329BFD06"
text = "00040B914151550501F00000623041519062000831D98C56B3DD00"
for name, read, found_sender, found_text in (
    ("smspdudecoder", decoder, "MyBank7@", "1234567@"),
    ("python-messaging", messaging, "MyBank7@", "1234567@"),
    ("python-gsmmodem", modem, "MyBank7", "1234567"),
    ("pdusms", pdusms, "MyBank7", "1234567"),
):
    see(f"{name}, the sender MyBank7", read(sender)[0], found_sender)
    see(f"{name}, the text 1234567@", read(text)[1], found_text)
PYTHON
