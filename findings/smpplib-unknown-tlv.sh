#!/usr/bin/env bash
# smpplib raises on an optional parameter that it does not know, where SMPP says to skip it.
#
# Guess: an SMPP client skips unknown TLVs, as section 3.3 of version 3.4 demands so that versions can meet.
# Instead: unless it is made with allow_unknown_opt_params=True, it raises out of its read loop, calls the tag a
# "command code", and neither hands the PDU to the program nor answers it. smpp.pdu3 reads the same PDUs.
# Why it matters: one TLV that a server adds, SMPP 5.0's congestion_state or a vendor's own, hides the message id of a
# message that was accepted, so it is sent again; a receipt or a reply that carries one is never acknowledged, comes
# again, and ends each session that it comes on. A server for unknown clients adds no TLV that was not agreed on.
. "$(dirname "$0")/lib/finding.sh"

python_with smpplib==2.2.4 smpp.pdu3==0.6

python <<'PYTHON'
import io
import logging
import struct
from finding import raised, see
from smpp.pdu.pdu_encoding import PDUEncoder
from smpplib import consts
from smpplib.client import Client

logging.disable()


def pdu(command, sequence, body):
    return struct.pack(">IIII", 16 + len(body), command, 0, sequence) + body


def tlv(tag, value):
    return struct.pack(">HH", tag, len(value)) + value


class Socket:
    """What a client reads from and writes to."""

    def __init__(self, data):
        self.data, self.sent = io.BytesIO(data), b""

    def recv(self, count):
        return self.data.read(count)

    def sendall(self, data):
        self.sent += data


def read(data, **options):
    """What the client does with a PDU: the error, what the program was handed, what was answered."""
    client, handed = Client("127.0.0.1", 2775, **options), []
    stream = client._socket = Socket(data)
    client.state = consts.SMPP_CLIENT_STATE_BOUND_TRX
    client.set_message_sent_handler(lambda pdu: handed.append(pdu.message_id))
    client.set_message_received_handler(lambda pdu: handed.append(pdu.short_message))
    error = raised(client.read_once)
    client.state = consts.SMPP_CLIENT_STATE_CLOSED
    return error, handed, stream.sent.hex()


accepted = pdu(0x80000004, 2, b"7A000001\0" + tlv(0x0428, b"\x20"))
reply = b"\0\1\x0114155550100\0\5\0Acme\0" + bytes(7) + b"\0\0\2" + b"hi"
reply = pdu(5, 9, reply + tlv(0x1400, b"26201"))

see("submit_sm_resp with congestion_state (0x0428)", read(accepted),
    ('UnknownCommandError: Unknown SMPP command code "0x428"', [], ""))
see("deliver_sm with a vendor's TLV (0x1400)", read(reply),
    ('UnknownCommandError: Unknown SMPP command code "0x1400"', [], ""))
see("the same, allow_unknown_opt_params=True", read(reply, allow_unknown_opt_params=True),
    (None, [b"hi"], "0000001180000005000000000000000900"))
see("smpp.pdu3 reads", [PDUEncoder().decode(io.BytesIO(data)).params.get(name) for data, name in (
    (accepted, "message_id"), (reply, "short_message"))], [b"7A000001", b"hi"])
PYTHON
