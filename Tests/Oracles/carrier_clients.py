"""What carriers' own libraries send, sign and believe.

    carrier_clients.py send < questions    reads [carrier, URL of a stand-in, {value: text}], one a line, to the end; then
                                           sends a message to each by the carrier's library, and prints the id that the
                                           library has found in the answer
    carrier_clients.py sign < questions    reads [carrier, key, body, seconds] and prints the headers that the carrier
                                           posts the body with, and the key that checks them
    carrier_clients.py believe < questions reads [carrier, key, body, {header: value}] and prints whether the library
                                           believes it
    carrier_clients.py read < questions    reads [carrier, kind, body of a post] and prints whether the library can read
                                           it as a post of that kind
"""
import base64
import datetime
import hashlib
import hmac
import json
import sys


# MARK: Sending

def send_infobip(url, values):
    from infobip_api_client import (
        ApiClient, Configuration, SmsDestination, SmsMessage, SmsMessageContent, SmsMessageDeliveryReporting,
        SmsMessageOptions, SmsRequest, SmsTextContent, SmsWebhooks, ValidityPeriod, ValidityPeriodTimeUnit)
    from infobip_api_client.api.sms_api import SmsApi
    configuration = Configuration(host=url, api_key=values["key"])
    message = SmsMessage(
        sender=values["from"],
        destinations=[SmsDestination(to=values["to"], messageId=values["token"])],
        content=SmsMessageContent(actual_instance=SmsTextContent(text=values["text"])),
        options=SmsMessageOptions(
            validityPeriod=ValidityPeriod(amount=int(values["validity"]), timeUnit=ValidityPeriodTimeUnit.SECONDS)),
        webhooks=SmsWebhooks(
            delivery=SmsMessageDeliveryReporting(url=values["webhook"]), contentType="application/json",
            callbackData=values["token"]))
    answer = SmsApi(ApiClient(configuration)).send_sms_messages(sms_request=SmsRequest(messages=[message]))
    return answer.messages[0].message_id


def send_sinch(url, values):
    from sinch import SinchClient
    client = SinchClient(service_plan_id=values["account"], sms_api_token=values["key"], sms_region="eu")
    client.configuration.sms_origin_with_service_plan_id = url
    client.configuration.sms_origin = url
    answer = client.sms.batches.send_sms(
        to=[values["to"]], from_=values["from"], body=values["text"], delivery_report="per_recipient",
        client_reference=values["token"], callback_url=values["webhook"],
        expire_at=datetime.datetime.fromisoformat(values["expiry"].replace("Z", "+00:00")))
    return answer.id


def send_telnyx(url, values):
    from telnyx import Telnyx
    client = Telnyx(api_key=values["key"], base_url=f"{url}/v2", max_retries=0)
    answer = client.messages.send(
        from_=values["from"], to=values["to"], text=values["text"], type="SMS", webhook_url=values["callback"])
    return answer.data.id


def send_bandwidth(url, values):
    import bandwidth
    configuration = bandwidth.Configuration(
        client_id=values["client"], client_secret=values["key"], access_token_url=f"{url}/api/v1/oauth2/token")

    class Client(bandwidth.ApiClient):
        def param_serialize(self, *arguments, **named):
            return super().param_serialize(*arguments, **{**named, "_host": f"{url}/api/v2"})

    api = bandwidth.MessagesApi(Client(configuration))
    request = bandwidth.MessageRequest(
        applicationId=values["application"], to=[values["to"]], **{"from": values["from"]}, text=values["text"],
        tag=values["token"],
        expiration=datetime.datetime.fromisoformat(values["expiry"].replace("Z", "+00:00")))
    return api.create_message(values["account"], request).id


# MARK: Signing and believing

def sign_telnyx(key, body, seconds):
    from nacl.signing import SigningKey
    signing = SigningKey(hashlib.sha256(key.encode()).digest())
    signature = signing.sign(f"{seconds}|{body}".encode()).signature
    return [
        {"telnyx-timestamp": str(seconds), "telnyx-signature-ed25519": base64.b64encode(signature).decode()},
        base64.b64encode(bytes(signing.verify_key)).decode()]


def sign_sinch(key, body, seconds):
    code = hmac.new(key.encode(), f"{body}.01J7N.{seconds}".encode(), hashlib.sha256).digest()
    return [
        {"x-sinch-webhook-signature": base64.b64encode(code).decode(),
         "x-sinch-webhook-signature-nonce": "01J7N", "x-sinch-webhook-signature-algorithm": "HmacSHA256",
         "x-sinch-webhook-signature-timestamp": str(seconds)},
        key]


def sign_standard(key, body, seconds):
    from standardwebhooks import Webhook
    signature = Webhook(key).sign("msg_1", datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc), body)
    return [{"webhook-id": "msg_1", "webhook-timestamp": str(seconds), "webhook-signature": signature}, key]


def believe_telnyx(key, body, headers):
    import time
    from telnyx.lib.webhook_verification import verify_webhook_signature
    time.time = lambda: float(headers["telnyx-timestamp"])
    verify_webhook_signature(body, headers, key)
    return True


def believe_sinch(key, body, headers):
    from sinch.domains.sms.sinch_events.v1.sms_sinch_event import SmsSinchEvent
    return SmsSinchEvent(key).validate_authentication_header(headers, body)


def believe_standard(key, body, headers):
    import standardwebhooks.webhooks as module
    module.Webhook._Webhook__verify_timestamp = lambda self, text: datetime.datetime.fromtimestamp(
        float(text), datetime.timezone.utc)
    module.Webhook(key).verify(body, headers)
    return True


# MARK: Reading

def read_infobip(kind, body):
    from infobip_api_client import SmsDeliveryResult, SmsInboundMessageResult
    found = {"receipt": SmsDeliveryResult, "inbound": SmsInboundMessageResult}[kind].from_json(body)
    return all(item.message_id for item in found.results)


def read_sinch(kind, body):
    from sinch.domains.sms.sinch_events.v1.sms_sinch_event import SmsSinchEvent
    found = SmsSinchEvent("").parse_event(body)
    return found.type.startswith({"receipt": "recipient_delivery_report", "inbound": "mo_"}[kind])


def read_bandwidth(kind, body):
    from bandwidth import InboundCallback, StatusCallback
    for item in json.loads(body):
        {"receipt": StatusCallback, "inbound": InboundCallback}[kind].from_dict(item)
    return True


def read_telnyx(kind, body):
    from telnyx import Telnyx
    found = Telnyx(api_key="-").webhooks.unsafe_unwrap(body)
    kinds = {"receipt": ("message.sent", "message.finalized"), "inbound": ("message.received",)}
    return found.data.event_type in kinds[kind]


def answer(act, carrier, *arguments):
    try:
        return globals()[f"{act}_{carrier}"](*arguments)
    except Exception as error:
        if act == "believe":
            return False
        print(f"{act} {carrier}: {error!r}", file=sys.stderr)
        raise


for question in [json.loads(line) for line in sys.stdin]:
    print(json.dumps(answer(sys.argv[1], *question)))
