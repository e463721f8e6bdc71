"""The whole suite on both nodes, and its table: `scripts/prove escape`."""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from boot.machine import Rack
from escape import ground, run
from escape.attempt import HOLE, KINDS
from escape.run import ALL

from skyrocket.cli.checkout import ROOT

HEADS = ("workload", "host container", "privileged", "superpowered", "ordered")
EVIDENCE = ROOT / "docs/evidence/escape.md"


def main() -> int:
    work = Path(tempfile.mkdtemp(prefix="escape-", dir="/var/tmp"))
    rack = Rack(work / "nodes")
    try:
        version = rack.parts.facts.version
        folder = ground.attacker(rack.parts.containers, work / "layouts", version)
        rack.lab = rack.lab._replace(images=folder)
        made = ground.control()
        control = _node(
            rack,
            "control",
            version,
            ("privileged", "ordered"),
            image=made.folder,
            root_hash=made.facts.root_hash,
        )
        locked = _node(rack, "locked", version, KINDS)
    finally:
        rack.close()
    EVIDENCE.write_text(report(control, locked))
    won = sum(one.succeeded for one in control)
    print(f"control: {won} of {len(control)} succeed")
    wrong = unexpected(locked)
    for one in wrong:
        print(f"NOT EXPECTED on the locked node: {one.kind} {one.id}: {one.text[:100]}")
    return 0 if not wrong and 3 * won >= 2 * len(control) else 1


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


def report(control: list[run.Result], locked: list[run.Result]) -> str:
    """The page; what is in bold is not as it should be."""
    commit = (
        subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "HEAD"], stdout=subprocess.PIPE, check=True
        )
        .stdout.decode()
        .strip()
    )
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
        f"| date | {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC |",
        f"| commit | `{commit}` |",
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
