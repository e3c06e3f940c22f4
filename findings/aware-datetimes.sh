#!/usr/bin/env bash
# Two libraries take a datetime with a time zone and keep its digits only.
#
# Guess: a datetime that knows its offset is one moment; what goes out is that moment in UTC.
# Instead: twilio writes the local digits and puts a Z behind them, for SendAt and for the DateSent filters.
# standardwebhooks (and svix, which wraps it) signs the local digits as if they were UTC.
# Why it matters: a message scheduled for 09:00 in Berlin goes out at 10:00 or 11:00. A search by DateSent, which is how
# a lost answer is looked up, starts hours late and does not find the message that was sent. A sender in Berlin that
# signs at datetime.now().astimezone() signs another second than its header says: every receiver refuses every event,
# and none does while the server runs in UTC.
. "$(dirname "$0")/lib/finding.sh"

python_with twilio==9.13.0 standardwebhooks==1.1.0 svix==2.9.1

python <<'PYTHON'
from datetime import datetime, timedelta, timezone
from finding import raised, see
from standardwebhooks.webhooks import Webhook
import svix
from twilio.http.http_client import HttpClient
from twilio.rest import Client


class Kept(HttpClient):
    def __init__(self):
        self.asked = None

    def request(self, method, uri, params=None, data=None, **_):
        self.asked = params or data
        raise ConnectionError


kept, berlin = Kept(), timezone(timedelta(hours=2))
twilio = Client("AC" + "0" * 32, "x", http_client=kept)
nine = datetime(2026, 7, 1, 9, 0, tzinfo=berlin)
raised(lambda: twilio.messages.create(to="+14155550100", messaging_service_sid="MG" + "0" * 32, body="x",
                                      schedule_type="fixed", send_at=nine))
see("the moment in UTC", nine.astimezone(timezone.utc).isoformat(), "2026-07-01T07:00:00+00:00")
see("twilio's SendAt", kept.asked["SendAt"], "2026-07-01T09:00:00Z")
raised(lambda: twilio.messages.list(to="+14155550100", date_sent_after=nine))
see("twilio's DateSent>", kept.asked["DateSent>"], "2026-07-01T09:00:00Z")

secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"status":"delivered"}'
now = datetime.now(timezone.utc).replace(microsecond=0)
for library in (Webhook, svix.Webhook):
    for place, moment in (("in UTC", now), ("in Berlin", now.astimezone(berlin))):
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(moment.timestamp())),
                   "webhook-signature": library(secret).sign("msg_1", moment, body)}
        see(f"{library.__module__.partition('.')[0]}: an event signed {place} is",
            raised(lambda: Webhook(secret).verify(body, headers)) or "verified",
            "verified" if place == "in UTC" else "WebhookVerificationError: No matching signature found")
PYTHON
