"""A server of moto that checks signatures and permissions, as AWS does, for one user who may do everything.

Prints {"port", "key_id", "secret"} once it serves, and ends with its standard input.
"""
import json
import os
import sys

# The user, its key and its policy are made before anything is checked.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"

import logging

import botocore.session
from moto.server import ThreadedMotoServer

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
print(json.dumps({"port": port, "key_id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}), flush=True)
sys.stdin.read()
server.stop()
