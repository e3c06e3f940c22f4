#!/usr/bin/env bash
# rusmppyc makes two messages of a text of 150 letters, and numbers all long messages 0.
#
# Guess: a text of the GSM alphabet that fits one SMS (160 letters) is one submit_sm, a longer one has 153 a part, and
# the parts of each message share a reference of their own.
# Instead: submit_sm_multipart cuts at 140 octets of an encoding that has one octet a letter, as if they were the octets
# of the packed SMS: 141 to 160 letters take two parts, 306 three. No other bound is right: 160 makes parts of 154,
# which with their header are one septet more than an SMS has; 159 makes two of 160. The reference is 0 unless given.
# Why it matters: each text of 141 to 160 letters is paid for twice, and quotas count it so. Two long messages that are
# under way to one handset have the same reference and number of parts: the end of one is shown behind the beginning of
# the other. A server that puts parts together cannot tell them apart either.
. "$(dirname "$0")/lib/finding.sh"

python_with rusmppyc==0.4.0a2

python <<'PYTHON'
import asyncio
from finding import see
from kannel import SMSC
from rusmppyc import Client

smsc = SMSC()


async def send(letters, **options):
    """Sends a text of this many letters: the references of its parts, and the letters in each."""
    before = len(smsc.messages)
    client, _ = await Client.connect(f"smpp://127.0.0.1:{smsc.port}")
    await client.bind_transceiver(system_id="x", password="x")
    addresses = {"source_addr": "Acme", "destination_addr": "14155550100"}
    for part in Client.submit_sm_multipart("x" * letters, **addresses, **options):
        await client.submit_sm(part)
    await client.unbind()
    sent = smsc.messages[before:]
    return ([message["short_message"][3] for message in sent if message["esm_class"] & 0x40],
            [len(message["short_message"]) - 6 * (message["esm_class"] >> 6) for message in sent])


for letters, options, found in (
    (140, {}, ([], [140])),
    (150, {}, ([0, 0], [134, 16])),
    (160, {}, ([0, 0], [134, 26])),
    (306, {}, ([0, 0, 0], [134, 134, 38])),
    (160, {"max_short_message_size": 160}, ([], [160])),
    (306, {"max_short_message_size": 160}, ([0, 0], [154, 152])),
    (160, {"max_short_message_size": 159}, ([0, 0], [153, 7])),
):
    bound = "".join(f", {name}={value}" for name, value in options.items())
    see(f"{letters} letters{bound}: references, letters a part", asyncio.run(send(letters, **options)), found)
PYTHON
