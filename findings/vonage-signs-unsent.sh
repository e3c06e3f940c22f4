#!/usr/bin/env bash
# Vonage's SDK signs parameters that it does not send.
#
# Guess: with a signature secret, the SDK signs the form that it posts, so anyone with the secret can check it; above
# all the SDK's own check.
# Instead: the model's unset options (ttl, type, udh, …) enter the signature as the text "None", and the HTTP client
# leaves them out of the form. Nineteen parameters are signed, five of them are sent, and the SDK's own check_signature
# refuses what its sign_params signed.
# Why it matters: the published scheme signs the parameters of the request, so a server that checks refuses every one of
# these messages (status 14). A stand-in that does not check signatures never shows it, and vectors for a gateway's own
# signer that were taken from this SDK's requests are wrong.
. "$(dirname "$0")/lib/finding.sh"

python_with vonage==4.9.1 vonage-sms==1.2.0 vonage-http-client==1.5.2 pydantic==2.14.4 requests==2.34.2

python <<'PYTHON'
from urllib.parse import parse_qsl
from finding import raised, see
from vendors import Vendors
from vonage import Auth, Vonage
from vonage_sms import SmsMessage

vendors = Vendors("rest.nexmo.com")
auth = Auth(api_key="a1b2c3d4", signature_secret="sigSECRET12345678", signature_method="sha256")
message = SmsMessage(to="14155550100", from_="Acme", text="hello")
raised(lambda: Vonage(auth).sms.send(message))
form = dict(parse_qsl(vendors.bodies[0].decode()))
sent = {name: value for name, value in form.items() if name != "sig"}
unset = {name: None for name, value in message.model_dump(by_alias=True).items() if value is None}

see("parameters in the form, without sig", sorted(sent), ["api_key", "from", "text", "timestamp", "to"])
see("the SDK's check of its own request", auth.check_signature(dict(form)), False)
see("sig is that of the form", form["sig"] == auth.sign_params(dict(sent)), False)
see("sig is that of the form and unset options as None", form["sig"] == auth.sign_params({**unset, **sent}), True)
see("unset options signed, sig among them", len(unset), 14)
PYTHON
