"""`test`: the test lanes, quickest first, with an estimate before each."""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.cli import children, environment
from skyrocket.cli.checkout import ROOT
from skyrocket.cli.children import python
from skyrocket.cli.terminal import duration
from skyrocket.fetch import places

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "dev"
NOTHING_COLLECTED = 5  # pytest's exit status
PATIENCE = 4.0  # seconds of silence
WIDTH = 80
TAIL = 4096  # bytes that surely hold pytest's last line


class Lane(NamedTuple):
    """Tests that one pytest marker expression selects; SECONDS is a first guess."""

    name: str
    marks: str
    seconds: float
    options: tuple[str, ...] = ()


class Result(NamedTuple):
    """Exit status of a lane and its closing line."""

    status: int
    closing: str


FAST = Lane("unit", "not boot and not image", 60, ("-n", "2"))
PROOFS = " and not proof"
"""Long or young boot tests: run by hand, when their file is named."""
LANES = (FAST, Lane("image", "image and not boot", 240), Lane("boot", f"boot{PROOFS}", 600))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("skyrocket test", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="the unit lane only: no image, no boot")
    parser.add_argument("tests", nargs="*", help="paths, or options for pytest after --")
    wish = parser.parse_args(argv)
    lanes: tuple[Lane, ...] = (FAST,) if wish.fast else LANES
    record = places.folder("tests") / "seconds.json"
    known = _recall(record)
    for lane in lanes:
        print(f"{lane.name:6} about {duration(known.get(lane.name, lane.seconds))}")
    total = sum(known.get(lane.name, lane.seconds) for lane in lanes)
    print(f"all    about {duration(total)}\n", flush=True)
    dependencies = environment.ready(GROUP)
    if wish.tests:
        lanes = tuple(lane._replace(marks=lane.marks.removesuffix(PROOFS)) for lane in lanes)
    results = [_run(lane, wish.tests, dependencies, known) for lane in lanes]
    if not wish.tests:
        record.write_text(json.dumps(known), encoding="utf-8")
    if len(results) > 1:
        print()
        for lane, result in zip(lanes, results, strict=True):
            print(f"{lane.name}: {result.closing.strip('= ')}")
        print(together([result.closing for result in results]))
    return 1 if any(result.status for result in results) else 0


def together(closings: list[str]) -> str:
    """One closing line in pytest's form for lanes that closed with CLOSINGS."""
    counts: dict[str, int] = {}
    seconds = 0.0
    for closing in closings:
        for number, word in re.findall(r"(\d+) ([a-z]+)", closing.partition(" in ")[0]):
            counts[word] = counts.get(word, 0) + int(number)
        took = re.search(r" in ([\d.]+)s", closing)
        seconds += float(took[1]) if took else 0.0
    said = ", ".join(f"{number} {word}" for word, number in counts.items()) or "no tests ran"
    return f" {said} in {seconds:.2f}s ".center(WIDTH, "=")


def _run(lane: Lane, tests: list[str], dependencies: Path, known: dict[str, float]) -> Result:
    """Run one lane to its end; what it took goes into KNOWN."""
    print(f"--- {lane.name}", flush=True)
    expected = known.get(lane.name, lane.seconds)
    began = time.monotonic()
    with subprocess.Popen(
        python(*words(lane.marks), *lane.options, *tests),
        cwd=ROOT,
        env=children.environment(dependencies),
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None  # noqa: S101  asked for above
        closing = _pass_on(child.stdout.fileno(), lane.name, expected)
    known[lane.name] = round(time.monotonic() - began, 1)
    status = child.returncode
    if status < 0:
        closing = f"ended by signal {-status}, 1 error"
        print(closing, flush=True)
    return Result(0 if status == NOTHING_COLLECTED else status, closing)


def words(marks: str) -> tuple[str, ...]:
    """How pytest is called for the tests that MARKS select."""
    cache = places.folder("tests") / "pytest"
    return (
        "-m", "pytest", "-m", marks, "-o", f"cache_dir={cache}",
        # Tests of two rooms may have one file name; as modules by path they do not collide.
        "--import-mode=importlib",
        # pytest leaves out folders named `build` unless it is told otherwise; ours holds tests.
        "-o", "norecursedirs=.* __pycache__",
    )  # fmt: skip


def _pass_on(descriptor: int, name: str, expected: float) -> str:
    """Show what arrives as it arrives, and the time when nothing does; the last line."""
    began = time.monotonic()
    tail = b""
    while True:
        if not select.select([descriptor], [], [], PATIENCE)[0]:
            passed = duration(time.monotonic() - began)
            print(f"  {name}: {passed} of about {duration(expected)}", file=sys.stderr, flush=True)
            continue
        data = os.read(descriptor, 1 << 16)
        if not data:
            lines = tail.decode(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        tail = (tail + data)[-TAIL:]
        sys.stdout.write(data.decode(errors="replace"))
        sys.stdout.flush()


def _recall(record: Path) -> dict[str, float]:
    try:
        return {str(k): float(v) for k, v in json.loads(record.read_bytes()).items()}
    except (OSError, ValueError, AttributeError):
        return {}
