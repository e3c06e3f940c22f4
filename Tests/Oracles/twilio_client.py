"""Answers of Twilio's own library.

    twilio_client.py sign < questions     reads [token, url, [[name, value], …], algorithm or null], one a line, to the
                                          end; then prints the signature of each
    twilio_client.py algorithm < questions reads [header] and prints the algorithm that it names
    twilio_client.py validate < questions reads [token, url, body, signature] and prints whether the library believes it
    twilio_client.py create < questions   reads [account, user, password, {argument: value}] and prints the request
                                          that creates the message: [method, url, {field: value}, [user, password]]
    twilio_client.py fetch < questions    reads [account, user, password, SID] and prints the request likewise
    twilio_client.py list < questions     reads [account, user, password, to, ISO date] and prints the request likewise
"""
import datetime
import json
import sys
import urllib.parse

from twilio.base.exceptions import TwilioException
from twilio.http.http_client import HttpClient
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client


class Form:
    def __init__(self, fields):
        self.fields = fields

    def __iter__(self):
        return iter([name for name, _ in self.fields])

    def __len__(self):
        return len(self.fields)

    def getall(self, name):
        return [value for field, value in self.fields if field == name]


class Recorder(HttpClient):
    """Sends nothing."""

    def __init__(self):
        super().__init__(logger=None, is_async=False)

    def request(self, method, uri, params=None, data=None, headers=None, auth=None, timeout=None,
                allow_redirects=False):
        self.seen = [method, uri, {name: str(value) for name, value in (data or params or {}).items()}, list(auth)]
        raise TwilioException("not sent")


def sign(token, url, fields, algorithm):
    return RequestValidator(token).compute_signature(url, Form(fields), algorithm)


def validate(token, url, body, signature):
    fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
    return RequestValidator(token).validate(url, fields, signature)


def record(account, user, password, act):
    recorder = Recorder()
    try:
        act(Client(user, password, account, http_client=recorder).messages)
    except TwilioException:
        pass
    return recorder.seen


def create(account, user, password, arguments):
    return record(account, user, password, lambda messages: messages.create(**arguments))


def list_messages(account, user, password, to, date):
    after = datetime.date.fromisoformat(date)
    return record(
        account, user, password, lambda messages: messages.list(to=to, date_sent_after=after, page_size=50, limit=50))


def fetch(account, user, password, sid):
    return record(account, user, password, lambda messages: messages.get(sid).fetch())


answer = {"sign": sign, "algorithm": get_signature_algorithm, "validate": validate, "create": create, "fetch": fetch, "list": list_messages}[sys.argv[1]]
for question in [json.loads(line) for line in sys.stdin]:
    print(json.dumps(answer(*question)))
