"""The part of `Benchmarks/run` that measures providers over HTTP, against a stand-in for Twilio on the same machine.

`apusd` has a core for itself; the stand-in shares the other one with what makes the load. README.md tells what the
rows mean.
"""
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

ACCOUNT, TOKEN = "AC0123456789abcdef0123456789abcdef", "a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4"
# What is sent one after the other, to tell what one costs.
MESSAGES = 40_000
IN_FLIGHT = 64
# Callbacks on their way at once, each on a connection of its own.
CALLBACKS_IN_FLIGHT = 128
# Behind which the daemon is said to be: callbacks are signed for it.
PUBLIC_URL = "http://sms.example.com"
# Of a carrier that takes its time.
LATENCY_MS, RATE_MESSAGES, RATE_IN_FLIGHT = 40, 60_000, 1000
# After which what a store does when it is idle is done.
SETTLE_SECONDS = 2
# By no proxy, whatever the environment says.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# That wait for a provider that is paused.
HELD = 100_000


def on_load_core(command):
    command = [str(word) for word in command]
    return ["taskset", "--cpu-list", "1", *command] if os.cpu_count() > 1 else command


class StandIn:
    """A carrier, from its `ready` line to its end."""

    def __init__(self, binaries, *options, latency_ms=0):
        self.process = subprocess.Popen(
            on_load_core([
                binaries / "carrierstandin", "--account", ACCOUNT, "--token", TOKEN, "--latency-ms", latency_ms,
                *options]),
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().partition("http=")[2].strip()
        if not self.url:
            sys.exit("bench: the stand-in ended before it was ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def provide(self, apus, name, in_flight):
        """Makes it a provider of the daemon."""
        token = apus.data / "token"
        token.write_text(TOKEN)
        apus.call(
            "admin", "provider", "create", name, "--kind", "twilio", "--option", f"account_sid={ACCOUNT}", "--option",
            "sender=+15017122661", "--option", f"base_url={self.url}", "--option", f"connections:={in_flight}",
            "--secret", f"auth_token=@{token}", "--in-flight", in_flight)

    def progress(self):
        with DIRECT.open(f"{self.url}/progress") as answer:
            return json.load(answer)

    def post_callbacks(self, server):
        """Posts what it held to a server; returns the server's CPU time a callback, and callbacks a second."""
        before = self.progress()["callbackAnswers"].get("204", 0)
        cpu = server.cpu_us()
        address = server.http.removeprefix("http:")
        DIRECT.open(f"{self.url}/callbacks?at=http://{address}", data=b"").close()
        started = time.monotonic()
        while (progress := self.progress())["pendingCallbacks"]:
            time.sleep(0.05)
        seconds = time.monotonic() - started
        time.sleep(SETTLE_SECONDS)
        cpu = server.cpu_us() - cpu
        if progress["callbackAnswers"].get("204", 0) - before != MESSAGES:
            sys.exit(f"bench: not all callbacks were answered 204: {progress}")
        return cpu / MESSAGES, MESSAGES / seconds


def measure_cost(figures, binaries, anchors, start):
    """CPU time of the daemon a message, from the call until it is sent, against libcurl alone."""
    with StandIn(binaries) as carrier:
        done = subprocess.run(
            ["taskset", "--cpu-list", "0"] * (os.cpu_count() > 1) + [
                str(anchors / "curl_load"), f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
                f"{ACCOUNT}:{TOKEN}", str(MESSAGES), str(IN_FLIGHT)],
            check=True, stdout=subprocess.PIPE, text=True)
        curl = json.loads(done.stdout)
        figures.add("curl", curl["cpu_us_per_request"], f"us a request; {curl['rate']:.0f}/s")
    with StandIn(binaries) as carrier, start() as apus:
        carrier.provide(apus, "carrier", IN_FLIGHT)
        with apus.cost_per_message() as cost:
            apus.bench("--messages", MESSAGES, connections=8, in_flight=16)
            apus.drain("SENT")
        figures.add("apus by twilio", cost.us, f"us a message; {cost.rate:.0f}/s")


def measure_receipts(figures, binaries, start, serve):
    """CPU time of the daemon a receipt, each of which settles a message, against Hummingbird alone with the same
    requests."""
    with StandIn(binaries, "--hold-callbacks", "--callback-connections", CALLBACKS_IN_FLIGHT) as carrier:
        with start(APUSD_HTTP="http:127.0.0.1:0", APUSD_WEBHOOKS_PUBLIC_URL=PUBLIC_URL) as apus:
            carrier.provide(apus, "carrier", IN_FLIGHT)
            apus.bench("--messages", MESSAGES, connections=8, in_flight=16)
            apus.drain("SENT")
            time.sleep(SETTLE_SECONDS)
            us, rate = carrier.post_callbacks(apus)
            states = apus.stats()["states"]
            if states != {"DELIVERED": MESSAGES}:
                sys.exit(f"bench: not all delivered: {states}")
            figures.add("apus receipt", us, f"us a receipt; {rate:.0f}/s")
        for name, words in (("hummingbird", []), ("hummingbird on its loop", ["--on-loop"])):
            with serve([binaries / "hummingbird-baseline", *words]) as floor:
                us, rate = carrier.post_callbacks(floor)
                figures.add(name, us, f"us a request; {rate:.0f}/s")


def measure_rate(figures, binaries, start):
    """Messages a second to one carrier that takes its time; what the bound in flight needs to grow is in it."""
    with StandIn(binaries, latency_ms=LATENCY_MS) as carrier, start() as apus:
        carrier.provide(apus, "carrier", RATE_IN_FLIGHT)
        apus.pause()
        apus.bench("--bulk", "--messages", RATE_MESSAGES, connections=1, in_flight=2)
        apus.resume()
        started = time.monotonic()
        apus.drain("SENT")
        figures.add(
            f"a carrier of {LATENCY_MS} ms", RATE_MESSAGES / (time.monotonic() - started),
            f"messages a second, {RATE_IN_FLIGHT} in flight at most")


def measure_pause(figures, binaries, start, seconds):
    """A tenant's single messages through one provider, while another's wait for a provider that is paused."""
    with StandIn(binaries) as carrier, start() as apus:
        for name in ("quick", "held"):
            carrier.provide(apus, name, IN_FLIGHT)
        quiet, noisy = apus.tenant("quiet"), apus.tenant("noisy")
        apus.call("admin", "route", "create", "noisy", "--order", 1, "--tenant", "noisy", "--provider", "held")
        apus.call("admin", "route", "create", "others", "--order", 2, "--provider", "quick")

        def probe(name):
            result = apus.bench("--probe", connections=1, in_flight=1, seconds=seconds, key_file=quiet)
            figures.add(f"quiet, {name}, p50", result["handoff_p50_ms"], "ms p50")
            figures.add(f"quiet, {name}", result["handoff_p99_ms"], "ms p99")

        probe("no pause")
        apus.call("pause", "--provider", "held")
        apus.bench(
            "--bulk", "--priority", "normal", "--messages", HELD, connections=1, in_flight=2, key_file=noisy)
        probe("alongside a pause")
        waiting = apus.stats()["waiting_normal"]
        if waiting != HELD:
            sys.exit(f"bench: {waiting} messages wait for the provider that is paused, and not {HELD}")


def measure(figures, binaries, anchors, start, serve, seconds):
    """`start` makes a daemon on an empty data directory, `serve` any other server on the daemon's core."""
    anchors = pathlib.Path(anchors)
    measure_cost(figures, binaries, anchors, start)
    measure_receipts(figures, binaries, start, serve)
    measure_rate(figures, binaries, start)
    measure_pause(figures, binaries, start, seconds)
