#!/usr/bin/env bash
# Kannel makes four messages of one to "+1 415 555 0100".
#
# Guess: spaces in a telephone number are removed, or the number is refused; several recipients take a list.
# Instead: in sendsms, `to` is a list whose separator is the space. Each group of digits becomes a recipient with a
# whole message of its own, and the answer is "202 Accepted for delivery". Hyphens are sent to the SMSC as they are.
# Why it matters: E.123, the ITU's own notation, writes numbers with spaces, and so does what people copy. The person
# who was meant gets nothing; "+1", "415", "555" and "0100", which are short codes somewhere, get the text, four are
# priced, and each is reported on as if it were the message.
. "$(dirname "$0")/lib/finding.sh"

debian_with kannel=1.4.5-12 libct4 libhiredis0.14 libmariadb3 libpcre3
python3 -m venv --without-pip "$work/venv"

python <<'PYTHON'
from finding import see
from kannel import SMSC, Kannel

kannel = Kannel(SMSC())
for to, found in (
    ("+14155550100", ["14155550100"]),
    ("+1-415-555-0100", ["1-415-555-0100"]),
    ("+1 415 555 0100", ["1", "415", "555", "0100"]),
):
    answer, messages = kannel.send(len(found), to=to, text="Your code is 007812")
    see(f"to={to}: answer", answer, "202 0: Accepted for delivery")
    see(f"to={to}: recipients", [message["dest"] for message in messages], found)
PYTHON
