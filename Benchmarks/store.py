"""The parts of `Benchmarks/run` that measure the message store: against its contestants, and as it grows.

Every figure of these parts is a ratio of two turns of one round, or a bound that the design sets; README.md tells what
the rows mean. The store is measured as a library, by `storebench`; a contestant by its own program.
"""
import json
import pathlib
import subprocess
import sys

import store_contestants

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS = 1_000_000
FILES = 10
GROWTH = 10_000_000
GROWTH_STEP = 100_000
PAGES = 500


class Store:
    """`storebench` in its release build."""

    def __init__(self, binaries, scratch):
        self.program = pathlib.Path(binaries) / "storebench"
        self.scratch = pathlib.Path(scratch).resolve() / "store"

    def run(self, mode, **options):
        """Every line that it prints, parsed."""
        with store_contestants.directory(self.scratch) as path:
            words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
            done = subprocess.run(
                [str(self.program), mode, "--path", str(path), *words], stdout=subprocess.PIPE, text=True)
            if done.returncode != 0:
                sys.exit(f"bench: exit {done.returncode} of storebench {mode}")
            return [json.loads(line) for line in done.stdout.splitlines()]


def note(result):
    return (f"/s; CPU {result['cpu_us_per_message']:.2f} us, p50 {result['p50_ms']:.2f}, p99 {result['p99_ms']:.2f} ms, "
            f"{result['written_bytes_per_message']:.0f} bytes written a message")


def measure(figures, binaries, scratch):
    """One round: accepting at two sizes of a commit, and whole lives with a million messages there before."""
    store = Store(binaries, scratch)

    def add(name, result):
        figures.add(name, result["rate"], note(result))

    for batch, messages in ((128, 200_000), (1024, 400_000)):
        for contestant in ("log", "redis"):
            add(f"{contestant} accept {batch}", store_contestants.run(contestant, "accept", batch, messages))
        [result] = store.run("accept", batch=batch, messages=messages)
        add(f"apus accept {batch}", result)
        figures.add(
            f"apus accept {batch} p99/p50", result["p99_ms"] / result["p50_ms"], "of a commit's time")
    for contestant in ("redis", "pg", "naive"):
        add(f"{contestant} life", store_contestants.run(contestant, "life", 1024, 50_000, ROWS))
    [result] = store.run("life", batch=1024, messages=200_000, rows=ROWS)
    add("apus life", result)
    [result] = store.run("life", batch=1024, messages=200_000, files=FILES)
    add("apus life, ten files", result)
    [result] = store.run("recover", batch=1024, messages=ROWS)
    add("apus recovery", result)


def measure_growth(figures, binaries, scratch, picture):
    """From nothing to ten million messages in one day's file, and what the last of a listing's pages costs there."""
    store = Store(binaries, scratch)
    points = store.run("growth", batch=1024, messages=GROWTH, step=GROWTH_STEP)
    first, last = points[:1], points[-10:]

    def mean(part, key):
        return sum(point[key] for point in part) / len(part)

    figures.add(
        "growth of CPU a message", mean(last, "cpu_us_per_message") / mean(first, "cpu_us_per_message"),
        f"times, the tenth million to the first hundred thousand: {mean(last, 'cpu_us_per_message'):.2f} us to "
        f"{mean(first, 'cpu_us_per_message'):.2f} us")
    figures.add("written a message", mean(points, "written_bytes_per_message"), "bytes, all of them")
    figures.add("resident at the end", points[-1]["resident_bytes"] / 1e6, "MB")
    [pages] = store.run("pages", rows=GROWTH, messages=PAGES)
    figures.add("listing's page, p99", pages["p99_ms"], f"ms among {GROWTH:,} messages; p50 {pages['p50_ms']:.1f} ms")
    draw(points, picture)


def draw(points, picture):
    """The curve as SVG: CPU and bytes written a message, resident memory, by the number of messages."""
    curves = (
        ("CPU a message, us", [point["cpu_us_per_message"] for point in points]),
        ("written a message, bytes", [point["written_bytes_per_message"] for point in points]),
        ("resident, MB", [point["resident_bytes"] / 1e6 for point in points]),
    )
    rows = [point["rows"] / 1e6 for point in points]
    width, height, left, gap = 640, 150, 60, 46
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {len(curves) * (height + gap) + 20}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (title, values) in enumerate(curves):
        top = 28 + number * (height + gap)
        highest = max(values) * 1.15
        x = [left + (width - left - 20) * row / rows[-1] for row in rows]
        y = [top + height - height * value / highest for value in values]
        lines.append(f'<text x="{left}" y="{top - 8}" font-weight="bold">{title}</text>')
        for part in (0, 0.5, 1):
            level = top + height - height * part
            lines.append(f'<line x1="{left}" x2="{width - 20}" y1="{level}" y2="{level}" stroke="#ddd"/>')
            lines.append(f'<text x="{left - 6}" y="{level + 4}" text-anchor="end">{highest * part:.0f}</text>')
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))
        lines.append(f'<polyline points="{path}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>')
        for million in range(0, int(rows[-1]) + 1, max(1, int(rows[-1]) // 5)):
            place = left + (width - left - 20) * million / rows[-1]
            lines.append(f'<text x="{place}" y="{top + height + 15}" text-anchor="middle">{million} M</text>')
    lines.append("</svg>")
    pathlib.Path(picture).write_text("\n".join(lines) + "\n")
