"""Kannel's bearerbox and smsbox from $WORK/root on loopback ports, and an SMSC that takes what they send."""
import atexit
import os
import socket
import struct
import subprocess
import threading
import time
import urllib.parse
import urllib.request

_ROOT = os.environ["WORK"] + "/root"


def _unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _connected(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("Kannel does not listen")


class SMSC:
    """Accepts every bind, and every message whose text is not in `statuses`; `messages` are the submit_sm as
    dictionaries."""

    def __init__(self):
        self.statuses = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.messages, self.bound = [], threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        while header := stream.read(16):
            length, command, _, sequence = struct.unpack(">IIII", header)
            body, status, answer = stream.read(length - 16), 0, b""
            if command in (1, 2, 9):
                answer = b"SMSC\0"
            elif command == 4:
                self.messages.append(self._parse(body))
                status = self.statuses.get(self.messages[-1]["short_message"].decode("latin-1"), 0)
                answer = b"" if status else b"%d\0" % len(self.messages)
            elif command & 0x80000000:
                continue
            connection.sendall(struct.pack(">IIII", 16 + len(answer), command | 0x80000000, status, sequence) + answer)
            if command in (1, 2, 9):
                self.bound.set()

    @staticmethod
    def _parse(body):
        def text(data):
            value, _, rest = data.partition(b"\0")
            return value.decode(), rest

        message = {}
        _, body = text(body)
        message["source_ton"], message["source_npi"], body = body[0], body[1], body[2:]
        message["source"], body = text(body)
        message["dest_ton"], message["dest_npi"], body = body[0], body[1], body[2:]
        message["dest"], body = text(body)
        message["esm_class"], body = body[0], body[3:]
        _, body = text(body)
        message["validity"], body = text(body)
        message["registered_delivery"], message["data_coding"], length = body[0], body[2], body[4]
        message["short_message"] = body[5:5 + length]
        return message


class Kannel:
    """One bearerbox and one smsbox; `user` are lines for the sendsms-user, `core` for the bearerbox."""

    def __init__(self, smsc, user="", core=""):
        admin, boxes, self._sendsms = _unused_port(), _unused_port(), _unused_port()
        path = f"{os.environ['WORK']}/kannel-{self._sendsms}.conf"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = x
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
{core}

group = smsc
smsc = smpp
host = 127.0.0.1
port = {smsc.port}
transceiver-mode = true
smsc-username = x
smsc-password = x
system-type = ""

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {self._sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = x
password = x
{user}

group = sms-service
keyword = default
text = "x"
""")
        self._smsc = smsc
        smsc.bound.clear()
        self._start("bearerbox", path)
        _connected(boxes)
        self._start("smsbox", path)
        _connected(self._sendsms)
        if not smsc.bound.wait(10):
            raise RuntimeError("Kannel does not bind")

    @staticmethod
    def _start(name, path):
        environment = dict(os.environ, LD_LIBRARY_PATH=f"{_ROOT}/usr/lib/x86_64-linux-gnu:{_ROOT}/lib/x86_64-linux-gnu")
        process = subprocess.Popen([f"{_ROOT}/usr/sbin/{name}", path], env=environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        atexit.register(lambda: (process.terminate(), process.wait()))

    def send(self, parts, **parameters):
        """Sends by sendsms and waits for `parts` submit_sm and a little: the answer, and all that came."""
        before = len(self._smsc.messages)
        query = urllib.parse.urlencode({"username": "x", "password": "x", "to": "+14155550100", "from": "Acme",
                                        **{name.replace("_", "-"): value for name, value in parameters.items()}})
        with urllib.request.urlopen(f"http://127.0.0.1:{self._sendsms}/cgi-bin/sendsms?{query}") as response:
            answer = f"{response.status} {response.read().decode()}"
        for _ in range(100):
            if len(self._smsc.messages) - before >= parts:
                break
            time.sleep(0.05)
        time.sleep(0.5)
        return answer, self._smsc.messages[before:]
