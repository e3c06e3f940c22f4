#!/usr/bin/env bash
# curl sends a POST twice and reports one.
#
# Guess: libcurl repeats what is safe to repeat; a POST whose connection ends without an answer is an error (52), and
# with --retry not given, nothing is tried again.
# Instead: on a connection that has been used before, a server that reads the whole POST and closes gets it again on a
# new one. If that is answered, curl reports success, once, with nothing but a verbose line to tell it by.
# Why it matters: keep-alive to a carrier is exactly that case, and the carrier's first node may have taken the message
# before it closed. Two texts, one success. A gateway on libcurl counts the tries itself (CURLOPT_PREREQFUNCTION is
# called before each) or gives each message a connection of its own.
. "$(dirname "$0")/lib/finding.sh"

curl=$(command -v curl) || { echo "needs Debian's curl" >&2; exit 2; }
python3 -m venv --without-pip "$work/venv"
"$curl" --version | head -n 1

CURL=$curl python <<'PYTHON'
import os
import socket
import subprocess
import threading
from finding import see

bodies, listener = [], socket.create_server(("127.0.0.1", 0))


def take(connection):
    stream = connection.makefile("rb")
    while stream.readline():
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = stream.read(length).decode()
        bodies.append(body)
        if body == "second" and bodies.count(body) == 1:
            connection.shutdown(socket.SHUT_RDWR)
            return
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")


def accept():
    while True:
        threading.Thread(target=take, args=(listener.accept()[0],), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
url = f"http://127.0.0.1:{listener.getsockname()[1]}/messages"
options = ["--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code} "]
run = subprocess.run([os.environ["CURL"], *options, "--data", "first", url, "--next", *options, "--data", "second",
                      url], capture_output=True, text=True)
see("exit code", run.returncode, 0)
see("answers that curl reports", run.stdout, "201 201 ")
see("errors that curl reports", run.stderr, "")
see("what the server read", bodies, ["first", "second", "second"])
PYTHON
