#!/usr/bin/env bash
# Apprise's SMPP plugin reads no answer to a submit_sm: every message that it could write is a success.
#
# Guess: notify() is true once the SMSC has accepted all parts for all targets, and false after a submit_sm_resp with an
# error, as it is false when the connection or a bind fails.
# Instead: the plugin writes the submit_sm, marks the target as delivered, writes unbind and closes. smpplib reads only
# when told to, and nothing tells it: the one PDU that is read, as the answer to unbind, is that to the first
# submit_sm. Throttled (0x58), an invalid destination (0x0B) or a full queue (0x14): notify() is true.
# Why it matters: an alert that the gateway refused is logged as sent, a fallback to another service never starts, and a
# retry leaves out the targets "delivered". Only the gateway knows of the refusal, and has to show it to its operator.
. "$(dirname "$0")/lib/finding.sh"

python_with apprise==2.3.0 smpplib==2.2.4

python <<'PYTHON'
import logging
import threading
import time
from apprise import Apprise
from finding import see
from kannel import SMSC

logging.disable()
threading.excepthook = lambda _: None  # the SMSC finds its answers unread and the connection reset

smsc = SMSC()
smsc.statuses = {"throttled": 0x58, "invalid destination": 0x0B, "queue full": 0x14, "system error": 0x08}
for text in ("accepted", *smsc.statuses):
    before = len(smsc.messages)
    client = Apprise()
    client.add(f"smpp://x:x@127.0.0.1:{smsc.port}/14155550111/14155550100/14155550102")
    sent = bool(client.notify(body=text))
    for _ in range(100):
        if len(smsc.messages) - before == 2:
            break
        time.sleep(0.05)
    answers = [f"{smsc.statuses.get(text, 0):#x} for {message['dest']}" for message in smsc.messages[before:]]
    see(f"{text}: notify() where the SMSC says {', '.join(answers)}", sent, True)

client = Apprise()
client.add("smpp://x:x@127.0.0.1:1/14155550111/14155550100")
see("nobody listens: notify()", bool(client.notify(body="x")), False)
PYTHON
