#!/usr/bin/env bash
# Kannel asks for a receipt for the first part of a long message only.
#
# Guess: a client that wants to know about delivery sets registered_delivery on every part, and counts the message as
# delivered when all parts are.
# Instead: with dlr-mask=31, the first submit_sm has registered_delivery 17 and the others 0.
# Why it matters: a server that puts the parts together and takes registered_delivery from the last one, or from all,
# sends Kannel no receipt at all, and the message stays as it is for ever. And what a Kannel user calls delivered is the
# first part of several.
. "$(dirname "$0")/lib/finding.sh"

debian_with kannel=1.4.5-12 libct4 libhiredis0.14 libmariadb3 libpcre3
python3 -m venv --without-pip "$work/venv"

python <<'PYTHON'
from finding import see
from kannel import SMSC, Kannel

smsc = SMSC()
answer, messages = Kannel(smsc, "max-messages = 10\nconcatenation = true").send(
    3, text="x" * 400, dlr_mask=31, dlr_url="http://127.0.0.1:9/")
see("answer", answer, "202 0: Accepted for delivery")
see("part, of, registered_delivery",
    [(message["short_message"][5], message["short_message"][4], message["registered_delivery"])
     for message in messages], [(1, 3, 17), (2, 3, 0), (3, 3, 0)])
PYTHON
