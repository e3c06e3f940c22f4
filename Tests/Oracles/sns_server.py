"""A server of moto that checks signatures and permissions, as AWS does, for one user who may do everything.

Prints {"port", "key_id", "secret", "ledger"} once it serves. At `ledger`, another port, a GET of any path is answered
with what was sent to numbers: [[number, text], …]. It ends with its standard input; `sns_server.py stay` when it is
killed.
"""
import http.server
import json
import os
import sys
import threading

# The user, its key and its policy are made before anything is checked.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"

import logging

import botocore.session
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
iam = botocore.session.Session().create_client(
    "iam", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="A",
    aws_secret_access_key="s")
iam.create_user(UserName="apus")
key = iam.create_access_key(UserName="apus")["AccessKey"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.put_user_policy(UserName="apus", PolicyName="all", PolicyDocument=json.dumps(policy))


class Ledger(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        messages = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
        body = json.dumps([list(message) for message in list(messages.values())]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ledger = http.server.HTTPServer(("127.0.0.1", 0), Ledger)
threading.Thread(target=ledger.serve_forever, daemon=True).start()
print(json.dumps({
    "port": port, "key_id": key["AccessKeyId"], "secret": key["SecretAccessKey"], "ledger": ledger.server_port,
}), flush=True)
if sys.argv[1:] == ["stay"]:
    threading.Event().wait()
sys.stdin.read()
server.stop()
