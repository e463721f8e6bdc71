"""Prove that an update to a version that fails hurts nobody: six ways to fail, each on a real node.

A node takes the update over HTTP from a repository on this machine, restarts into it under OVMF,
and is broken: see `tests/boot/broken_updates.py`. Names of cases as words take those alone. Each
must be back in the version before, with its settings, within the boots that are left (two, or one
where the new version was up), the deadline or the watchdog, and 15 seconds; the console shows what
happened, `update history` says it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs/evidence/broken-updates.md"
INSIDE = "SKYROCKET_PROOF"

if TYPE_CHECKING:
    from boot.broken_updates import Row
    from boot.machine import Rack


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("scripts/prove broken-updates", description=__doc__)
    parser.add_argument("cases", nargs="*", help="names of cases; all of them unless said")
    wanted = parser.parse_args(argv).cases
    if os.environ.get(INSIDE) != "1":
        again()
    from boot.machine import Rack

    with tempfile.TemporaryDirectory(prefix="broken-updates-", dir="/var/tmp") as folder:
        rack = Rack(Path(folder, "nodes"))
        try:
            return prove(rack, Path(folder), wanted)
        finally:
            rack.close()


def again() -> NoReturn:
    """The same program with the dependencies of the tests."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import within

    within.become([__file__, *sys.argv[1:]], **{INSIDE: "1"})


def prove(rack: Rack, folder: Path, wanted: list[str]) -> int:
    """Every case that is WANTED; 0 when each went as it must."""
    from boot import broken_updates, updating

    root = updating.trusted_root()
    first = updating.made(updating.OLD, root)
    rows, failed = [], []
    with updating.served(folder / "repository", root) as port:
        order = rack.order(
            "broken", image=first.folder, root_hash=first.facts.root_hash, firmware=True,
            demo=False, user_data=updating.user_data(port),
        )  # fmt: skip
        bench = broken_updates.start(rack, order)
        print(f"one boot: {bench.restart_seconds:.0f} s", flush=True)
        known = {case.name: case for case in broken_updates.CASES}
        for case in [known[name] for name in wanted or known]:
            try:
                rows.append(broken_updates.run(case, bench))
                print(rows[-1], flush=True)
            except AssertionError as error:
                failed.append(case.what)
                print(f"{case.name}: {error}", flush=True)
            EVIDENCE.write_text(report(rows, failed, bench.restart_seconds, rack))
    return 0 if not failed and all(row.seconds <= row.bound for row in rows) else 1


def report(rows: list[Row], failed: list[str], restart: float, rack: Rack) -> str:
    """The evidence as a page."""
    late = [row.what for row in rows if row.seconds > row.bound]
    good = not failed and not late
    verdict = "**back in time**" if good else f"**not as it must be**: {', '.join(failed + late)}"
    lines = [
        "# Broken updates", "",
        "Made by `scripts/prove broken-updates`: one node, updated for real and broken each time.",
        "What is quoted stood on the serial console, and in `apiclient update history` on the",
        "version that came back, with the settings as they were. Seconds count from the fault, or",
        "from the order to restart where the fault lay there before, to the line `ready` of the",
        "old version.", "",
        "| | |", "|---|---|",
        f"| date | {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC |",
        f"| commit | `{head()}` |",
        f"| accelerator | {rack.lab.accelerator} |",
        f"| one boot | {restart:.0f} s |",
        f"| cases | {len(rows) + len(failed)} of 6 |",
        f"| result | {verdict} |",
        "", "| the new version | on the console | in the history | seconds | at most |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    for row in rows:
        shown, reason = (text.replace("|", "\\|") for text in (row.shown, row.reason))
        lines.append(f"| {row.what} | `{shown}` | {reason} | {row.seconds:.0f} | {row.bound:.0f} |")
    return "\n".join(lines) + "\n"


def head() -> str:
    argv = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode().strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
