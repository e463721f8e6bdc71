"""All targets, long, and the table: `scripts/prove fuzz [--seconds N] [TARGET…]`."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from fakes import api_node
from fuzz import engine
from fuzz.targets import LIVE, TARGETS
from fuzz.test_fuzz import seeded
from host.api import conformance

from skyrocket.cli.checkout import ROOT

EVIDENCE = ROOT / "docs/evidence/fuzz.md"
SECONDS = 600.0
CONTROL_SECONDS = 600.0
EXAMPLES = 60
NAMES = [target.name for target in TARGETS]


class Row(NamedTuple):
    """A target, its run, and the run in which its bug was seeded."""

    target: engine.Target
    outcome: engine.Outcome
    control: engine.Outcome


def main() -> int:
    parser = argparse.ArgumentParser("scripts/prove fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="another one, other inputs")
    wish = parser.parse_args()
    if unknown := set(wish.names) - set(NAMES):
        parser.error(f"there is no target {', '.join(unknown)}")
    rows = [
        _run(target, wish.seconds, wish.seed)
        for target in TARGETS
        if not wish.names or target.name in wish.names
    ]
    asked = _conform() if not wish.names else 0
    if not wish.names:
        EVIDENCE.write_text(page(rows, wish.seconds, wish.seed, asked), encoding="utf-8")
    return 0 if all(map(right, rows)) else 1


def right(row: Row) -> bool:
    """Nothing was found, and the seeded bug was."""
    return not row.outcome.finding and bool(row.control.finding)


def _run(target: engine.Target, seconds: float, seed: int) -> Row:
    with _quiet(), seeded(target):
        control = engine.fuzz(target, CONTROL_SECONDS, seed=seed)
    with _quiet():
        outcome = engine.fuzz(target, seconds, seed=seed)
    said = outcome.finding or "nothing found"
    _say(f"{target.name}: {outcome.inputs} inputs, {outcome.lines} lines: {said}")
    if outcome.finding:
        _say(f"  {outcome.input[:400]!r}")
    if not control.finding:
        _say("  its seeded bug was not found")
    return Row(target, outcome, control)


class _quiet:  # noqa: N801  (it reads like a function)
    """What the code under test says on standard error is of no use here."""

    def __enter__(self) -> None:
        self._before = os.dup(2)
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)

    def __exit__(self, *_: object) -> None:
        os.dup2(self._before, 2)
        os.close(self._before)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _conform() -> int:
    """Requests of schemathesis, at random, against a server; raises at the first that differs."""
    count = 0
    with tempfile.TemporaryDirectory() as name, _quiet():
        state = api_node.state(Path(name), LIVE)
        with api_node.serving(Path(name), state) as path:
            for operation in conformance.operations().values():
                count += conformance.tried(path, operation, EXAMPLES, random=True)
    _say(f"schemathesis: {count} requests, each answered as the document says")
    return count


def page(rows: list[Row], seconds: float, seed: int, asked: int) -> str:
    """docs/evidence/fuzz.md."""
    said = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], stdout=subprocess.PIPE, check=True
    )
    commit = said.stdout.decode().strip()
    verdict = "nothing found" if all(map(right, rows)) else "FOUND SOMETHING"
    lines = [
        "# Fuzzing", "",
        (
            "Made by `scripts/prove fuzz`. Inputs are made of earlier ones and kept when they "
            "reach lines of ours that none reached before; targets are in "
            "`tests/fuzz/targets.py`. A finding is an exception, an answer 500, 5 s of processor "
            "time for one input, or growth by 192 MiB. Before each run its target gets a bug, "
            "which must be found."
        ),
        "", "| | |", "|---|---|",
        f"| date | {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC |",
        f"| commit | `{commit}` |",
        f"| machine | {platform.machine()}, Python {platform.python_version()}, shared |",
        f"| seconds for each target | {seconds:.0f} |",
        f"| seed | {seed} |",
        f"| schemathesis against the OpenAPI document | {asked} requests, all as it says |",
        f"| result | **{verdict}** |",
        "", "| target | what | inputs | lines reached | kept | grown | found | seeded bug |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for target, outcome, control in rows:
        bug = f"{target.bug_about}: "
        bug += f"found by input {control.inputs}" if control.finding else "**not found**"
        lines.append(
            f"| {target.name} | {target.about} | {outcome.inputs} | {outcome.lines} | "
            f"{outcome.kept} | {outcome.grown / 1e6:.1f} MB | {outcome.finding or 'nothing'} | "
            f"{bug} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
