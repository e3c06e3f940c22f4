#!/usr/bin/env bash
# smpplib hands a refused message to the handler for accepted ones.
#
# Guess: of its two handlers, the error handler takes a submit_sm_resp with an error, and message_sent_handler, which by
# its own description is called when the server accepts a message, takes the others.
# Instead: an error handler that returns (the standard one raises, and so ends the read loop with the first refused
# message) is followed by message_sent_handler for the same PDU; its message_id is None.
# Why it matters: a program that counts what is sent in the one and what is refused in the other counts every refused
# message twice, once as sent: it is priced, it waits for a receipt that cannot come, and a throttled message (0x58)
# that the error handler queues again is sent and "sent".
. "$(dirname "$0")/lib/finding.sh"

python_with smpplib==2.2.4

python <<'PYTHON'
import io
import logging
import struct
from finding import raised, see
from smpplib import consts
from smpplib.client import Client

logging.disable()


class Socket:
    def __init__(self, data):
        self.recv = io.BytesIO(data).read


def read(status, body, handle_errors):
    client, calls = Client("127.0.0.1", 2775), []
    client._socket = Socket(struct.pack(">IIII", 16 + len(body), 0x80000004, status, 2) + body)
    client.state = consts.SMPP_CLIENT_STATE_BOUND_TRX
    client.set_message_sent_handler(lambda pdu: calls.append(f"sent, id {pdu.message_id}"))
    if handle_errors:
        client.set_error_pdu_handler(lambda pdu: calls.append(f"error {pdu.status:#x}"))
    error = (raised(client.read_once) or "").partition(":")[0]
    client.state = consts.SMPP_CLIENT_STATE_CLOSED
    return calls, error


see("accepted", read(0, b"7A000001\0", True), (["sent, id b'7A000001'"], ""))
see("throttled, with an error handler", read(0x58, b"", True), (["error 0x58", "sent, id None"], ""))
see("throttled, without one", read(0x58, b"", False), ([], "PDUError"))
PYTHON
