"""What botocore sends to End User Messaging, and makes of its answers.

    aws_sms_client.py send < questions  reads [key id, secret, URL of a stand-in, {parameter: value}], one a line, to the
                                        end; sends each once, and prints the id of the answer, or the error's kind
    aws_sms_client.py sign < questions  reads [key id, secret, region, URL, {header: value}, body] of requests that were
                                        sent, and prints the Authorization that botocore gives each
"""
import json
import sys

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError


def send(key_id, secret, url, parameters):
    client = botocore.session.Session().create_client(
        "pinpoint-sms-voice-v2", region_name="us-east-1", endpoint_url=url, aws_access_key_id=key_id,
        aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}))
    try:
        return client.send_text_message(**parameters)["MessageId"]
    except ClientError as error:
        return error.response["Error"]["Code"]


def sign(key_id, secret, region, url, headers, body):
    signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", url, data=body.encode(), headers={name: headers[name] for name in signed})
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(key_id, secret), "sms-voice", region)
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return (f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={';'.join(sorted(signed))}, "
            f"Signature={signature}")


act = {"send": send, "sign": sign}[sys.argv[1]]
for question in [json.loads(line) for line in sys.stdin]:
    print(json.dumps(act(*question)))
