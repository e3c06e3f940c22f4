"""Answers of botocore about requests to SNS.

    sns_client.py sign < questions      reads [key id, secret, session token or null, region, URL, {header: value},
                                        body] of requests that were sent, one a line, to the end; then prints for each
                                        the Authorization that botocore gives it
    sns_client.py publish < questions   reads {parameter: value} of Publish, and prints the fields that botocore sends
"""
import json
import sys
import urllib.parse

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def sign(key_id, secret, token, region, url, headers, body):
    given = headers["authorization"]
    signed = given.split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", url, data=body.encode(), headers={name: headers[name] for name in signed})
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(key_id, secret, token), "sns", region)
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    return (f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={';'.join(sorted(signed))}, "
            f"Signature={signature}")


def publish(parameters):
    session = botocore.session.Session()
    client = session.create_client(
        "sns", region_name="us-east-1", aws_access_key_id="A", aws_secret_access_key="s")
    seen = {}

    def stop(request, **_):
        seen.update(urllib.parse.parse_qsl(request.body if isinstance(request.body, str) else request.body.decode()))
        raise InterruptedError

    client.meta.events.register("before-send.sns.Publish", stop)
    try:
        client.publish(**parameters)
    except InterruptedError:
        pass
    return seen


if sys.argv[1] == "sign":
    answer = lambda question: sign(*question)
else:
    answer = publish
for question in [json.loads(line) for line in sys.stdin]:
    print(json.dumps(answer(question)))
