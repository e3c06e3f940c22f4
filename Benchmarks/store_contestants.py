#!/usr/bin/env python3
"""What the message store is measured against: an append-only log, a naive SQLite schema, Redis and PostgreSQL.

`run` gives one contestant its turn, on an empty store and, where it needs one, a server of its own. README.md next to
this file says what each does and what is fair about it. Alone, this prints a table of all of them.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ANCHORS = ROOT / ".build/anchors"
SCRATCH = ROOT / ".build/bench/store"
SOURCES = ROOT / "Benchmarks/anchors/store"
START_SECONDS = 60
# Of a server's log, when it fails.
SHOWN_LINES = 20
# The account that PostgreSQL's Debian packages make; its server refuses to run as root.
POSTGRES_USER = "postgres"
# PostgreSQL's defaults suit a very small machine. With the second its checkpoint stays out of a measurement.
POSTGRES_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB"}


class ContestantError(Exception):
    """A contestant could not be measured; says why."""


def build():
    if subprocess.run(["make", "--silent", "-C", SOURCES], stdout=sys.stderr).returncode != 0:
        raise ContestantError("the contestants could not be built")


def tool(name, directory=None):
    if path := shutil.which(name, path=directory):
        return path
    raise ContestantError(f"there is no {name}; `.ci/setup bench` installs it")


@contextlib.contextmanager
def directory(path, account=None):
    """An empty directory, removed afterwards with all that is in it."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True, mode=0o700)
    try:
        if account:
            shutil.chown(path, account, account)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def socket_directory(account=None):
    """A directory of a short name, as sockets need; nothing durable is in it."""
    with tempfile.TemporaryDirectory(prefix="apus-") as path:
        if account:
            shutil.chown(path, account, account)
        yield pathlib.Path(path)


@contextlib.contextmanager
def server(command, ready, stop_signal, log, **account):
    """Runs a server from the moment that it is `ready` until its data is no longer needed."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **account)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                what = "took too long" if process.returncode is None else f"ended (exit {process.returncode})"
                lines = pathlib.Path(log).read_text(errors="replace").splitlines()[-SHOWN_LINES:]
                raise ContestantError("\n".join([f"{pathlib.Path(command[0]).name} {what}:", *lines]))
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(stop_signal)
        process.wait()


@contextlib.contextmanager
def redis(scratch):
    """A Redis that syncs its file before it answers. Yields its socket and its process."""
    executable = tool("redis-server")
    with directory(scratch / "redis") as data, socket_directory() as sockets:
        path = sockets / "redis.sock"
        command = [
            executable, "--port", "0", "--unixsocket", path, "--dir", data, "--daemonize", "no", "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "no",
        ]
        # It makes the socket last, when it is about to serve.
        with server(command, path.exists, signal.SIGKILL, data / "log") as process:
            yield path, process.pid


def postgres_account(scratch):
    """As whom PostgreSQL runs: as we, or, as it refuses root, as its own user, who must reach the directory."""
    if os.geteuid() != 0:
        return None
    scratch.mkdir(parents=True, exist_ok=True)
    reached = subprocess.run(
        ["test", "-x", scratch], user=POSTGRES_USER, group=POSTGRES_USER, extra_groups=[], cwd="/")
    if reached.returncode != 0:
        raise ContestantError(
            f"PostgreSQL does not run as root, and its user {POSTGRES_USER} has no access to {scratch}: "
            "name another directory on that disk with --scratch")
    return POSTGRES_USER


@contextlib.contextmanager
def postgres(scratch):
    """A PostgreSQL cluster that syncs every commit. Yields the directory of its socket and its process."""
    version = subprocess.run([tool("pg_config"), "--bindir"], check=True, stdout=subprocess.PIPE, text=True)
    binaries = version.stdout.strip()
    initdb, postgres, is_ready = (tool(name, binaries) for name in ("initdb", "postgres", "pg_isready"))
    account = postgres_account(scratch)
    identity = {"user": account, "group": account, "extra_groups": []} if account else {}
    with directory(scratch / "pg", account) as data, socket_directory(account) as sockets:
        made = subprocess.run(
            [initdb, "--pgdata", data / "cluster", "--username", "apus", "--auth", "trust", "--no-locale",
             "--encoding", "UTF8", "--no-sync"],
            cwd=data, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **identity)
        if made.returncode != 0:
            raise ContestantError(f"initdb failed: {made.stderr.strip()}")
        settings = {
            "listen_addresses": "", "unix_socket_directories": sockets, "fsync": "on", "synchronous_commit": "on",
            **POSTGRES_SETTINGS,
        }
        command = [postgres, "-D", data / "cluster"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]

        def ready():
            asked = subprocess.run([is_ready, "--quiet", "--host", sockets], stdout=subprocess.DEVNULL)
            return asked.returncode == 0

        # SIGQUIT: it ends at once and takes its processes with it.
        with server(command, ready, signal.SIGQUIT, data / "log", cwd=data, **identity) as process:
            yield sockets, process.pid


@contextlib.contextmanager
def file(name, scratch):
    with directory(scratch / name) as data:
        yield ["--path", data / "store"]


@contextlib.contextmanager
def served(start, scratch):
    with start(scratch) as (socket, pid):
        yield ["--socket", socket, "--server-pid", pid]


# Where each contestant has its store, as its arguments.
PLACES = {
    "log": lambda scratch: file("log", scratch),
    "naive": lambda scratch: file("naive", scratch),
    "redis": lambda scratch: served(redis, scratch),
    "pg": lambda scratch: served(postgres, scratch),
}
CONTESTANTS = list(PLACES)
MODES = ["accept", "life"]


def runs(contestant, mode):
    return contestant != "log" or mode == "accept"


def run(contestant, mode, batch, messages, rows=0, scratch=SCRATCH):
    """Gives a contestant its turn, with `rows` messages there before, and returns what it prints, parsed."""
    with PLACES[contestant](pathlib.Path(scratch).resolve()) as place:
        command = [
            ANCHORS / f"{contestant}_bench", "--mode", mode, "--batch", batch, "--messages", messages,
            "--rows", rows, *place,
        ]
        done = subprocess.run(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise ContestantError(f"{contestant} {mode}: exit {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def table(results):
    """One line a result; the ratios are to the naive schema's at the same mode and batch."""
    yield (f"{'mode':<7} {'batch':>5} {'contestant':<10} {'messages/s':>10} {'x naive':>8} {'CPU us':>8} "
           f"{'x naive':>8} {'p50 ms':>8} {'p99 ms':>8} {'written B':>9}")
    for result in results:
        naive = next((other for other in results if other["contestant"] == "naive"
                      and (other["mode"], other["batch"]) == (result["mode"], result["batch"])), None)

        def ratio(name):
            return f"{result[name] / naive[name]:8.2f}" if naive and naive[name] else f"{'':8}"

        yield (f"{result['mode']:<7} {result['batch']:>5} {result['contestant']:<10} {result['rate']:>10.0f} "
               f"{ratio('rate')} {result['cpu_us_per_message']:8.2f} {ratio('cpu_us_per_message')} "
               f"{result['p50_ms']:8.2f} {result['p99_ms']:8.2f} {result['written_bytes_per_message']:9.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "contestants", nargs="*", metavar="CONTESTANT", help=f"some of {' '.join(CONTESTANTS)} (default: all)")
    parser.add_argument("--mode", choices=MODES, action="append", help="default: both")
    parser.add_argument("--batch", type=int, action="append", help="default: 128 and 1024")
    parser.add_argument("--messages", type=int, default=100_000, help="that are measured (default 100000)")
    parser.add_argument("--rows", type=int, default=0, help="that are there before (default 0)")
    parser.add_argument("--scratch", type=pathlib.Path, default=SCRATCH, help="on the disk that is measured")
    options = parser.parse_args()
    if unknown := set(options.contestants) - set(CONTESTANTS):
        parser.error(f"unknown: {' '.join(sorted(unknown))}")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped
    results = []
    try:
        build()
        for mode in options.mode or MODES:
            for batch in options.batch or [128, 1024]:
                for contestant in options.contestants or CONTESTANTS:
                    if not runs(contestant, mode):
                        continue
                    results.append(run(contestant, mode, batch, options.messages, options.rows, options.scratch))
                    print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    except ContestantError as error:
        sys.exit(f"bench: {error}")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
