#!/usr/bin/env bash
# Kannel sends the first 160 letters of a long text, Jasmin the first 765, and both say that it was accepted.
#
# Guess: a gateway that cannot send a text whole refuses it, or sends it in as many parts as it takes.
# Instead: a Kannel user that is not given max-messages and concatenation gets one message of 160 letters sent and "202
# Accepted for delivery"; with max-messages = 10, a text of twelve parts loses the last two. Jasmin makes five parts at
# most, long_content_max_parts, and numbers them 1 to 5 of 5, so the handset shows a text that seems complete.
# Why it matters: a service that moves from one gateway to another, or compares their bills, finds fewer parts and
# thinks it cheaper. The cut is the end of the text: the link, the amount, "reply STOP".
. "$(dirname "$0")/lib/finding.sh"

debian_with kannel=1.4.5-12 libct4 libhiredis0.14 libmariadb3 libpcre3
python_with smpp.pdu3==0.6 python-dateutil==2.8.2 six==1.17.0
"$work/venv/bin/pip" install --quiet --no-cache-dir --no-deps jasmin==0.11.1
echo "jasmin==0.11.1 without what its daemon needs"

python <<'PYTHON'
from finding import see
from kannel import SMSC, Kannel
from jasmin.protocols.smpp.operations import SMPPOperationFactory

smsc = SMSC()
text = "x" * (12 * 153)
for name, user, parts, length, limit in (
    ("Kannel as it comes", "", 1, 200, 160),
    ("Kannel, ten parts", "max-messages = 10\nconcatenation = true", 10, len(text), 1530),
):
    answer, messages = Kannel(smsc, user).send(parts, text=text[:length])
    letters = sum(len(message["short_message"]) - 6 * (message["esm_class"] >> 6) for message in messages)
    see(f"{name}: {length} letters", (answer, len(messages), letters),
        ("202 0: Accepted for delivery", parts, limit))

message = SMPPOperationFactory().SubmitSM(source_addr=b"Acme", destination_addr=b"14155550100",
                                          short_message=text[:1000].encode(), data_coding=0)
parts = []
while message is not None:
    parts.append((message.params["sar_segment_seqnum"], message.params["sar_total_segments"],
                  len(message.params["short_message"])))
    message = getattr(message, "nextPdu", None)
see("Jasmin: 1000 letters (part, of, letters)", parts, [(number, 5, 153) for number in range(1, 6)])
PYTHON
