#!/usr/bin/env bash
# Apprise takes the HTTP status for the answer: a message that Vonage refused is a success.
#
# Guess: a notifier for a hundred services knows how each of them says no; notify() is false for a refused message.
# Instead: Vonage answers 200 when it understood the request, and says in the body what became of each message. Its
# plugin reads no body. Those for Africa's Talking, Infobip and VoIP.ms, which answer alike, do, so which it is
# has to be looked up per service.
# Why it matters: wrong credentials, no credit left or a refused sender are found out when an alert does not come. A
# gateway that stands in for such a service must refuse with a 4xx, or its refusals go unseen.
. "$(dirname "$0")/lib/finding.sh"

python_with apprise==2.3.0

python <<'PYTHON'
import json
import logging
from apprise import Apprise
from finding import see
from vendors import Vendors

logging.disable()
vendors = Vendors("rest.nexmo.com", "api.africastalking.com",
                  "acme.api.infobip.com", "voip.ms")
for what, url, status, body, found in (
    ("Vonage, wrong credentials", "vonage://0123abcd:0123456789abcdef@14155550111/14155550100", "200 OK",
     {"message-count": "1", "messages": [{"status": "4", "error-text": "Bad Credentials"}]}, True),
    ("Vonage, throttled", "vonage://0123abcd:0123456789abcdef@14155550111/14155550100", "200 OK",
     {"message-count": "1", "messages": [{"status": "1", "error-text": "Throughput Rate Exceeded"}]}, True),
    ("Vonage, no credit", "vonage://0123abcd:0123456789abcdef@14155550111/14155550100", "200 OK",
     {"message-count": "1", "messages": [{"status": "9", "error-text": "Partner quota exceeded"}]}, True),
    ("Africa's Talking, no credit", "atalk://x@0123456789abcdef/14155550100", "201 Created",
     {"SMSMessageData": {"Message": "Sent to 0/1", "Recipients": [
         {"statusCode": 405, "number": "+14155550100", "status": "InsufficientBalance"}]}}, False),
    ("Infobip, rejected", "infobip://0123456789abcdef@acme/14155550100", "200 OK",
     {"messages": [{"to": "14155550100", "status": {"groupId": 5, "groupName": "REJECTED"}}]}, False),
    ("VoIP.ms, no credit", "voipms://x:x@example.com/14155550111/14155550100", "200 OK",
     {"status": "insufficient_balance"}, False),
):
    text = json.dumps(body)
    vendors.answer = (f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n"
                      f"Connection: close\r\n\r\n{text}").encode()
    before = len(vendors.bodies)
    client = Apprise()
    client.add(url)
    sent = bool(client.notify(body="hello"))
    see(what, (f"{len(vendors.bodies) - before} request, {status}", f"notify() is {sent}"),
        (f"1 request, {status}", f"notify() is {found}"))
PYTHON
