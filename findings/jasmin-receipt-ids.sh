#!/usr/bin/env bash
# Jasmin cuts a receipt's message id at the first sign that is neither letter, digit, hyphen nor underscore.
#
# Guess: message_id is an opaque string of up to 64 octets; a client matches the receipt's "id:" up to the next space.
# Instead: where the receipt has its id in the text only, Jasmin takes letters, digits, - and _. The id 17.3 becomes 17,
# and Base64's ab+/cd== becomes ab; aiosmpplib reads both whole.
# Why it matters: the cut id matches nothing, or matches another message: of 17.1, 17.2 and 17.3 (the parts of 17, say)
# each receipt settles 17. A server is safe that gives its ids in decimal, in hexadecimal or as UUIDs, or that adds both
# TLVs, receipted_message_id and message_state.
. "$(dirname "$0")/lib/finding.sh"

python_with smpp.pdu3==0.6 python-dateutil==2.8.2 six==1.17.0 aiosmpplib==0.7.4
"$work/venv/bin/pip" install --quiet --no-cache-dir --no-deps jasmin==0.11.1
echo "jasmin==0.11.1 without what its daemon needs"

python <<'PYTHON'
from aiosmpplib.protocol import DeliverSm
from finding import see
from jasmin.protocols.smpp.operations import SMPPOperationFactory
from smpp.pdu.operations import DeliverSM

jasmin = SMPPOperationFactory()
for id, found in (
    ("7A000001", "7A000001"),
    ("0b6f3b6e-55e9-4b3c-9d0f-6a1f0d3c2b1a", "0b6f3b6e-55e9-4b3c-9d0f-6a1f0d3c2b1a"),
    ("17.3", "17"),
    ("ab+/cd==", "ab"),
    ("smsc1:4711", "smsc1"),
):
    text = f"id:{id} sub:001 dlvrd:001 submit date:2603141509 done date:2603141510 stat:DELIVRD err:000 text:hi"
    pdu = DeliverSM(source_addr=b"14155550100", destination_addr=b"Acme", short_message=text.encode())
    see(f"Jasmin, {id}", jasmin.isDeliveryReceipt(pdu)["id"], found)
    see(f"aiosmpplib, {id}", DeliverSm(short_message=text, esm_class=4).parse_receipt()["id"], id)
PYTHON
