#!/usr/bin/env bash
# Apprise texts a Norwegian for an American's number without its +1, and the sender itself for a number with a typo.
#
# Guess: a number without a plus sign goes to the service as it was typed, which knows the account's country; a number
# that cannot be read is an error, and so is a message that nobody is left to get.
# Instead: the digits get a plus sign, whatever they are: (479) 555-0100 in Arkansas becomes +47 955 50 100 in Norway.
# A number that it does not take (an O for a zero, a digit lost) is left out with a warning in the log, and if it was
# the only one, the plugins for Vonage, Twilio and Sinch send to the "from" number. notify() is true all the same; those
# for Telnyx and 46elks, which also send to "from" when there is no target, say false.
# Why it matters: an alert or a code goes to a stranger abroad, or back into the gateway as an inbound message, and is
# priced, delivered and reported as sent. What a gateway gets is well-formed, so it cannot tell.
. "$(dirname "$0")/lib/finding.sh"

python_with apprise==2.3.0 phonenumbers==9.0.43

python <<'PYTHON'
import json
import logging
import urllib.parse
import phonenumbers
from apprise import Apprise
from finding import see
from vendors import Vendors

logging.disable()
vendors = Vendors("rest.nexmo.com", "api.twilio.com", "us.sms.api.sinch.com", "api.telnyx.com", "api.46elks.com")
vendors.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def send(service, *numbers):
    """The recipients in the requests for a message to the numbers, and what notify() says."""
    before = len(vendors.bodies)
    client = Apprise()
    client.add(service + "/".join(urllib.parse.quote(number) for number in numbers))
    said = bool(client.notify(body="hello"))
    recipients = []
    for body in vendors.bodies[before:]:
        fields = json.loads(body) if body.startswith(b"{") else dict(urllib.parse.parse_qsl(body.decode()))
        recipient = fields.get("to") or fields.get("To")
        recipients += [number.lstrip("+") for number in (recipient if isinstance(recipient, list) else [recipient])]
    return recipients, said


abroad = phonenumbers.parse("+4795550100")
see("+47 955 50 100 is", (phonenumbers.region_code_for_number(abroad), phonenumbers.is_valid_number(abroad),
                          phonenumbers.number_type(abroad) == phonenumbers.PhoneNumberType.MOBILE), ("NO", True, True))

sender = "14155550111"
for name, service, only_typo in (
    ("Vonage", f"vonage://0123abcd:0123456789abcdef@{sender}/", ([sender], True)),
    ("Twilio", f"twilio://AC{'0' * 32}:{'0' * 32}@{sender}/", ([sender], True)),
    ("Sinch", f"sinch://{'0' * 32}:{'0' * 32}@{sender}/", ([sender], True)),
    ("Telnyx", f"telnyx://0123456789abcdef@{sender}/", ([], False)),
    ("46elks", f"46elks://x:0123456789abcdef@{sender}/", ([], False)),
):
    see(f"{name}, (479) 555-0100", send(service, "(479) 555-0100"), (["4795550100"], True))
    see(f"{name}, +1415555O100", send(service, "+1415555O100"), only_typo)
    see(f"{name}, +1415555O100 and +14155550102", send(service, "+1415555O100", "+14155550102"),
        (["14155550102"], True))
    see(f"{name}, no target", send(service), ([sender], True))
PYTHON
