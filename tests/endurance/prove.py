"""A thousand commits, 200 commands, 50 restarts: `scripts/prove endurance` and its table."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from endurance import node

from skyrocket.cli.checkout import ROOT

EVIDENCE = ROOT / "docs/evidence/endurance.md"
COMMITS, COMMANDS, RESTARTS = 1000, 200, 50
WARM = 5  # a fifth of all comes before the first look: the history is full by then
LEAK = """
real = routes.answer
def answer(state, request):
    import os
    kept.append((os.dup(0), bytearray(b"x" * 20_000)))
    return real(state, request)
routes.answer = answer
"""


def use(its: node.Node, commits: int, commands: int) -> None:
    """COMMITS with COMMANDS spread among them."""
    for number in range(commits):
        its.commit()
        if number * commands // commits != (number + 1) * commands // commits:
            its.command()


def lasting(folder: Path, code: str = "", part: int = 1) -> tuple[node.Used, node.Used]:
    """What one process holds after a fifth of the work and after all; PART divides the work."""
    with node.running(folder, code) as its:
        use(its, COMMITS // WARM // part, COMMANDS // WARM // part)
        before = its.used()
        rest = COMMITS - COMMITS // WARM, COMMANDS - COMMANDS // WARM
        use(its, rest[0] // part, rest[1] // part)
        return before, its.used()


def restarted(folder: Path, restarts: int = RESTARTS) -> tuple[node.Used, node.Used]:
    """What the first and the last of many processes hold over one store."""
    with node.running(folder) as its:
        for _ in range(110):  # until the history is full
            its.commit()
        its.restart()
        before = its.used()
        for _ in range(restarts - 1):
            its.commit()
            its.restart()
        return before, its.used()


def main() -> int:
    argparse.ArgumentParser("scripts/prove endurance", description=__doc__).parse_args()
    looks = {}
    for name, measure in (
        ("1,000 commits and 200 commands, one process", lasting),
        ("50 restarts of the API, a commit before each", restarted),
        ("control: a process that keeps a descriptor and 20 kB of each request, a tenth", _leaking),
    ):
        with tempfile.TemporaryDirectory(prefix="endurance-") as folder:
            looks[name] = measure(Path(folder))
        sys.stdout.write(f"{name}: {looks[name]}\n")
        sys.stdout.flush()
    *real, control = looks.values()
    kept = not any(node.findings(*look) for look in real) and bool(node.findings(*control))
    EVIDENCE.write_text(page(looks, kept=kept), encoding="utf-8")
    return 0 if kept else 1


def _leaking(folder: Path) -> tuple[node.Used, node.Used]:
    return lasting(folder, LEAK, 10)


def page(looks: dict[str, tuple[node.Used, node.Used]], *, kept: bool) -> str:
    """docs/evidence/endurance.md."""
    said = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], stdout=subprocess.PIPE, check=True
    )
    lines = [
        "# Endurance", "",
        (
            "Made by `scripts/prove endurance`: the API's code over a store on disk, in a process "
            "of its own on this machine, not on a node. The first look is after a fifth of the "
            "work, when the history is full. No descriptor more, memory (PSS) and store at most "
            "5 % more."
        ),
        "", "| | |", "|---|---|",
        f"| date | {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC |",
        f"| commit | `{said.stdout.decode().strip()}` |",
        f"| machine | {platform.machine()}, Python {platform.python_version()} |",
        f"| result | **{'kept' if kept else 'NOT KEPT'}** |",
        "", "| what | descriptors | PSS | store | found |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, (before, after) in looks.items():
        found = "; ".join(node.findings(before, after)) or "nothing"
        lines.append(
            f"| {name} | {before.descriptors} → {after.descriptors} | "
            f"{before.pss / 1e6:.1f} → {after.pss / 1e6:.1f} MB | "
            f"{before.stored / 1e3:.0f} → {after.stored / 1e3:.0f} kB | {found} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
