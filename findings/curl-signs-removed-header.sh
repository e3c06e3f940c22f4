#!/usr/bin/env bash
# curl signs a header for AWS that it was told not to send.
#
# Guess: -H 'Expect:' removes the header, and what --aws-sigv4 signs is what is sent.
# Instead: curl 7.88 takes the empty value for a header: "expect" stands first in SignedHeaders, and the request has
# none. Without the removal SignedHeaders and headers agree.
# Why it matters: programs on libcurl remove Expect as a matter of course, since it costs a second where a server
# ignores it. AWS recomputes the signature from the headers that SignedHeaders names and refuses every Publish, which
# reads like wrong credentials: a gateway stops the account.
. "$(dirname "$0")/lib/finding.sh"

curl=$(command -v curl) || { echo "needs Debian's curl" >&2; exit 2; }
"$curl" --version | head -n 1
python3 -m venv --without-pip "$work/venv"

CURL=$curl python <<'PYTHON'
import os
import re
import socket
import subprocess
import threading
from finding import see

heads, listener = [], socket.create_server(("127.0.0.1", 0))


def accept():
    while True:
        with listener.accept()[0] as connection:
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            heads.append(data.partition(b"\r\n\r\n")[0].decode())
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


threading.Thread(target=accept, daemon=True).start()


def signed_and_not_sent(*options):
    """The names in SignedHeaders that the request does not have."""
    heads.clear()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    subprocess.run([os.environ["CURL"], "--silent", "--show-error", "--aws-sigv4", "aws:amz:us-east-1:sns", "--user",
                    "AKIDEXAMPLE:x", "--data", "Action=Publish&Message=hi", *options, url], check=True)
    sent = {line.partition(":")[0].lower() for line in heads[0].split("\r\n")[1:]}
    return [name for name in re.search("SignedHeaders=([^,]*)", heads[0])[1].split(";") if name not in sent]


see("signed and not sent", signed_and_not_sent(), [])
see("the same with -H 'Expect:'", signed_and_not_sent("--header", "Expect:"), ["expect"])
see("the same with -H 'Accept:'", signed_and_not_sent("--header", "Accept:"), ["accept"])
PYTHON
