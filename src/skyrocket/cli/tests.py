"""`test`: the test lanes, quickest first, with an estimate before each."""

from __future__ import annotations

import argparse
import json
import re
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


class Lane(NamedTuple):
    """Tests that one pytest marker expression selects; SECONDS is a first guess."""

    name: str
    marks: str
    seconds: float
    options: tuple[str, ...] = ()


FAST = Lane("unit", "not boot and not image", 60, ("-n", "2"))
LANES = (FAST, Lane("image", "image and not boot", 240), Lane("boot", "boot", 600))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("skyrocket test", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="the unit lane only: no image, no boot")
    parser.add_argument("tests", nargs="*", help="paths, or options for pytest after --")
    wish = parser.parse_args(argv)
    lanes = (FAST,) if wish.fast else LANES
    record = places.folder("tests") / "seconds.json"
    known = _recall(record)
    for lane in lanes:
        print(f"{lane.name:6} about {duration(known.get(lane.name, lane.seconds))}")
    total = sum(known.get(lane.name, lane.seconds) for lane in lanes)
    print(f"all    about {duration(total)}\n", flush=True)
    dependencies = environment.ready(GROUP)
    results = [_run(lane, wish.tests, dependencies, known) for lane in lanes]
    if not wish.tests:
        record.write_text(json.dumps(known), encoding="utf-8")
    print(
        "\n"
        + "\n".join(f"{lane.name}: {said}" for lane, (_, said) in zip(lanes, results, strict=True))
    )
    return max(status for status, _ in results)


def _run(
    lane: Lane, tests: list[str], dependencies: Path, known: dict[str, float]
) -> tuple[int, str]:
    """Exit status and pytest's last line; what the lane took goes into KNOWN."""
    print(f"--- {lane.name}", flush=True)
    cache = places.folder("tests") / "pytest"
    # Tests of two rooms may have one file name; as modules by path they do not collide.
    words = ["-m", "pytest", "--import-mode=importlib", "-m", lane.marks]
    words += ["-o", f"cache_dir={cache}", *lane.options]
    began = time.monotonic()
    last = ""
    with subprocess.Popen(
        python(*words, *tests),
        cwd=ROOT,
        env=children.environment(dependencies),
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as child:
        assert child.stdout is not None  # noqa: S101  asked for above
        for line in child.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line.strip() or last
    status = 0 if child.returncode == NOTHING_COLLECTED else child.returncode
    known[lane.name] = round(time.monotonic() - began, 1)
    return status, re.sub(r"^=+ | =+$", "", last)


def _recall(record: Path) -> dict[str, float]:
    try:
        return {str(k): float(v) for k, v in json.loads(record.read_bytes()).items()}
    except (OSError, ValueError, AttributeError):
        return {}
