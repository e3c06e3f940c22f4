#!/usr/bin/env bash
# Vendors' own SDKs send one message up to ten times.
#
# Guess: an SDK that sends no idempotency key leaves a POST alone once its bytes have gone out; when the connection ends
# without an answer, the caller gets an error and decides.
# Instead: the vendor's side reads the whole request and hangs up. vonage posts the message ten times before it raises
# (it counts as many attempts as its connection pool has places), telnyx and boto3's SNS three times, each with the same
# body and none with a key that the vendor could know it by. twilio and messagebird post it once.
# Why it matters: each of those requests may have been accepted. A load balancer that drops connections turns one
# message into ten, all of them priced, and the gateway knows of one failure.
. "$(dirname "$0")/lib/finding.sh"

python_with vonage==4.9.1 vonage-sms==1.2.0 vonage-http-client==1.5.2 telnyx==4.189.0 boto3==1.44.8 botocore==1.44.8 \
    twilio==9.13.0 messagebird==2.2.0 requests==2.34.2 urllib3==2.8.0 httpx==0.28.1

python <<'PYTHON'
import os
from finding import raised, see
from vendors import Vendors

vendors = Vendors("rest.nexmo.com", "api.telnyx.com", "sns.us-east-1.amazonaws.com", "api.twilio.com",
                  "rest.messagebird.com")
os.environ.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
to, sender = "+14155550100", "+14155550199"


def vonage():
    from vonage import Auth, Vonage
    from vonage_sms import SmsMessage
    Vonage(Auth(api_key="a1b2c3d4", api_secret="x")).sms.send(SmsMessage(to=to[1:], from_="Acme", text="x"))


def telnyx():
    import telnyx
    telnyx.Telnyx(api_key="x").messages.send(to=to, from_=sender, text="x")


def sns():
    import boto3
    boto3.client("sns").publish(PhoneNumber=to, Message="x")


def twilio():
    from twilio.rest import Client
    Client("AC" + "0" * 32, "x").messages.create(to=to, from_=sender, body="x")


def messagebird():
    import messagebird
    messagebird.Client("x").message_create("Acme", to[1:], "x")


for send, found in ((vonage, 10), (telnyx, 3), (sns, 3), (twilio, 1), (messagebird, 1)):
    vendors.bodies.clear()
    vendors.heads.clear()
    error = raised(send)
    see(f"{send.__name__}: requests for one message", len(vendors.bodies), found)
    see(f"{send.__name__}: different bodies", len(set(vendors.bodies)), 1)
    see(f"{send.__name__}: an Idempotency-Key", any("idempotency" in line.lower() for line in sum(vendors.heads, [])),
        False)
    see(f"{send.__name__}: the caller's error", error.partition(":")[0], {
        "telnyx": "APIConnectionError", "sns": "ConnectionClosedError"}.get(send.__name__, "ConnectionError"))
PYTHON
