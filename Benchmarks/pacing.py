"""The part of `Benchmarks/run` that measures how the gateway keeps to carriers that fail a little or have a limit,
against a stand-in for Twilio on the same machine. README.md tells what the rows mean.

By itself, on binaries that are there already: `python3 Benchmarks/pacing.py .build/debug --seconds 8`
"""
import argparse
import os
import pathlib
import sys
import time

import carriers

LATENCY_MS = 20
IN_FLIGHT = 1000
SECONDS = 20
# In which a limit is to be found.
FINDING_SECONDS = 5
WAITING = 160_000
RATE, BURST, CONCURRENCY = 100, 20, 20
NO_ERRORS = "no errors"
# Name, options of the stand-in.
ERRORS = [
    (f"{share} % {kind}{', slow' if slow else ', at once'}",
     [f"--{option}-share", share / 100, *(["--slow-errors"] if slow else [])])
    for share in (1, 5) for kind, option in (("429", "throttled"), ("500", "failed")) for slow in (False, True)
] + [("one early 429", ["--throttle-first"])]
# Name, options, the carrier's own limit in messages a second.
LIMITS = [
    ("100/s, burst 20", ["--rate", RATE, "--burst", BURST], RATE),
    ("100/s, Retry-After", ["--rate", RATE, "--burst", BURST, "--retry-after", 1], RATE),
    ("20 at once", ["--concurrency", CONCURRENCY], CONCURRENCY * 1000 / LATENCY_MS),
]


def run(binaries, start, options, seconds, waiting):
    """Messages a second that the carrier took, and the share of requests beyond its limit once that was found."""
    with carriers.StandIn(binaries, *options, latency_ms=LATENCY_MS) as carrier, start() as apus:
        carrier.provide(apus, "carrier", IN_FLIGHT)
        apus.pause()
        apus.bench("--bulk", "--messages", waiting, connections=1, in_flight=2)
        apus.resume()
        started = time.monotonic()
        time.sleep(min(FINDING_SECONDS, seconds / 2))
        found = carrier.progress()
        time.sleep(max(0, started + seconds - time.monotonic()))
        end, taken = carrier.progress(), time.monotonic() - started
        if end["messages"] >= waiting:
            print(f"  all {waiting} messages were taken before the end", file=sys.stderr)
        beyond = end["beyond"] - found["beyond"]
        return end["messages"] / taken, beyond / max(1, end["requests"] - found["requests"])


def measure(figures, binaries, start, seconds=SECONDS, waiting=WAITING):
    """`start` makes a daemon on an empty data directory."""
    whole, _ = run(binaries, start, [], seconds, waiting)
    figures.add(NO_ERRORS, whole, "messages a second")
    for name, options in ERRORS:
        rate, _ = run(binaries, start, options, seconds, waiting)
        figures.add(name, rate / whole, f"of the rate without errors; {rate:.0f}/s")
    for name, options, limit in LIMITS:
        rate, beyond = run(binaries, start, options, seconds, waiting)
        figures.add(name, rate / limit, f"of the carrier's limit; {rate:.0f}/s")
        figures.add(f"{name}, beyond", 100 * beyond, f"% of the requests after {FINDING_SECONDS} s")


def targets():
    """Rows of the table, as `Benchmarks/run` has them."""
    yield from ((f"pacing: {name}", name, None, "at least", 0.8) for name, _ in ERRORS)
    for name, _, _ in LIMITS:
        yield f"pacing: {name}", name, None, "at least", 0.8
        yield f"pacing: {name}, beyond, %", f"{name}, beyond", None, "at most", 2


def main():
    import importlib.machinery
    import importlib.util
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Measures pacing on binaries that are there already.")
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--messages", type=int, default=WAITING)
    options = parser.parse_args()
    loader = importlib.machinery.SourceFileLoader("bench", str(here / "run"))
    bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
    loader.exec_module(bench)
    os.chdir(here.parent)
    binaries = options.binaries.resolve()
    figures = bench.Figures()
    measure(figures, binaries, lambda **settings: bench.Apus(binaries, **settings), options.seconds, options.messages)
    bench.report(figures, 1)


if __name__ == "__main__":
    main()
