"""The whole suite on both nodes, and its table: `scripts/prove escape [control] [locked]`.

What each node's run said is kept beside the page, so one of them can be made anew alone.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from boot.machine import Rack
from escape import ground, run
from escape.attempt import HOLE, KINDS
from escape.run import ALL

from skyrocket.cli.checkout import ROOT

HEADS = ("workload", "host container", "privileged", "superpowered", "ordered")
EVIDENCE = ROOT / "docs/evidence/escape.md"
KEPT = EVIDENCE.with_suffix(".json")
NODES = ("control", "locked")


class Kept(NamedTuple):
    """One node's run: when, of which commit, and whether each attempt succeeded."""

    date: str
    commit: str
    results: list[run.Result]


def main() -> int:
    wanted = sys.argv[1:] or list(NODES)
    if unknown := set(wanted) - set(NODES):
        print(f"there is no node {', '.join(unknown)}; there are {', '.join(NODES)}")
        return 2
    work = Path(tempfile.mkdtemp(prefix="escape-", dir="/var/tmp"))
    rack = Rack(work / "nodes")
    try:
        version = rack.parts.facts.version
        folder = ground.attacker(rack.parts.containers, work / "layouts", version)
        rack.lab = rack.lab._replace(images=folder)
        for name in wanted:
            keep(name, _of(name, rack, version))
    finally:
        rack.close()
    found = kept()
    if found.keys() != set(NODES):
        print("no page: the other node has had no run")
        return 1
    EVIDENCE.write_text(report(found["control"], found["locked"]))
    control, locked = found["control"].results, found["locked"].results
    won = sum(one.succeeded for one in control)
    print(f"control: {won} of {len(control)} succeed")
    wrong = unexpected(locked)
    for one in wrong:
        print(f"NOT EXPECTED on the locked node: {one.kind} {one.id}: {one.text[:100]}")
    return 0 if not wrong and 3 * won >= 2 * len(control) else 1


def _of(name: str, rack: Rack, version: str) -> list[run.Result]:
    if name == "locked":
        return _node(rack, name, version, KINDS)
    made = ground.control()
    wishes = {"image": made.folder, "root_hash": made.facts.root_hash}
    return _node(rack, name, version, ("privileged", "ordered"), **wishes)


def keep(name: str, results: list[run.Result]) -> None:
    """Beside what the other node said; texts are cut, they are for people."""
    rows = [[one.id, one.kind, one.succeeded, one.text[:200]] for one in results]
    found = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    found[name] = {"date": _now(), "commit": _commit(), "results": rows}
    KEPT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def kept() -> dict[str, Kept]:
    return {
        name: Kept(one["date"], one["commit"], [run.Result(*row) for row in one["results"]])
        for name, one in json.loads(KEPT.read_text()).items()
    }


def _now() -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC"


def _commit() -> str:
    argv = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def _node(rack: Rack, name: str, version: str, kinds: tuple, **wishes: object) -> list[run.Result]:
    hidden = run.planted()
    order = rack.order(name, user_data=ground.settings(version, hidden), **wishes)
    print(f"boot {name}", flush=True)
    machine = rack.start(order)
    ground.running(machine, version)
    run.plant_key(machine, hidden)
    results = run.attack(machine, hidden, kinds)
    for one in results:
        print(
            f"{name} {one.kind} {one.id}: {'SUCCEEDED' if one.succeeded else 'refused'}: "
            f"{one.text[:110]!r}",
            flush=True,
        )
    machine.cut_power()
    return results


def unexpected(locked: list[run.Result]) -> list[run.Result]:
    allowed = {one.id: one.allowed for one in ALL}
    return [one for one in locked if one.succeeded and one.kind not in allowed[one.id]]


def holes(locked: list[run.Result]) -> list[run.Result]:
    """Successes that are known, and that no reason excuses."""
    allowed = {one.id: one.allowed for one in ALL}
    won = [one for one in locked if one.succeeded]
    return [one for one in won if allowed[one.id].get(one.kind, "").startswith(HOLE)]


def report(before: Kept, after: Kept) -> str:
    """The page; what is in bold is not as it should be."""
    control, locked = before.results, after.results
    won = sum(one.succeeded for one in control)
    wrong, known = unexpected(locked), holes(locked)
    verdict = "not as it must be" if wrong else "holes" if known else "kept"
    told = f"{len(wrong)} successes that are not expected, {len(known)} by known holes"
    there = {one.id: one for one in control}
    here = {(one.id, one.kind): one for one in locked}
    lines = [
        "# Escape attempts", "",
        "Made by `scripts/prove escape`; the attempts are in `tests/escape/attempts/`.", "",
        "| | |", "|---|---|",
        *(
            f"| {name} | {one.date}, commit `{one.commit[:12]}` |"
            for name, one in (("run of the control", before), ("run of the locked node", after))
        ),
        f"| machine | {platform.machine()}, Linux {platform.release().split('-')[0]} |",
        f"| control (no lockdown, no SELinux, privileged) | {won} of {len(control)} succeed |",
        f"| locked node | {told}, of {len(locked)} tries |",
        f"| result | **{verdict}** |",
        "", "✗ refused; ✓ succeeds, as the threat model says; **✓ hole** succeeds and is known;",
        "**✓!** succeeds and should not; · not tried from there.", "",
        "| attempt | provenance | tries | control | " + " | ".join(HEADS) + " |",
        "|---|---|---|---|" + "---|" * len(HEADS),
    ]  # fmt: skip
    for one in ALL:
        cells = [_cell(one, kind, here.get((one.id, kind))) for kind in KINDS]
        mine = "✓" if there[one.id].succeeded else f"✗ {one.control or '**not expected**'}"
        lines.append(
            f"| {one.id} | {one.provenance} | {one.tries} | {mine} | " + " | ".join(cells) + " |"
        )
    lines += ["", "## Why some may", ""]
    lines += [f"- `{one.id}`, {kind}: {why}" for one in ALL for kind, why in one.allowed.items()]
    return "\n".join(lines) + "\n"


def _cell(one: object, kind: str, result: run.Result | None) -> str:
    if result is None or not result.succeeded:
        return "·" if result is None else "✗"
    why = one.allowed.get(kind, "")  # type: ignore[attr-defined]
    return {"": "**✓!**", HOLE: "**✓ hole**"}.get(why[: len(HOLE)], "✓")


if __name__ == "__main__":
    sys.exit(main())
