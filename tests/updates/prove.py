"""Every write of an update: `scripts/prove updates` and its table.

Records a node that commits settings and takes an update, looks at every disk that a power cut may
leave, puts bugs into the recording that must be found, and boots some of the disks. With
`--recording` an earlier recording is taken; boots that were done are kept beside it, so that a
proof that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from updates import boots, bugs, real, record
from updates.boots import Chosen, Outcome
from updates.bugs import BUGS, Update
from updates.examine import Report, examine

from skyrocket.cli.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from updates.real import Recording

EVIDENCE = ROOT / "docs/evidence/updates.md"
BOOTS = 20
OUTCOMES = "boots.json"
Findings = dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser("scripts/prove updates", description=__doc__)
    parser.add_argument("--recording", type=Path, help="one that was made before")
    parser.add_argument("--boots", type=int, default=BOOTS, help=f"states to boot ({BOOTS})")
    parser.add_argument("--seed", type=int, default=0, help="another one, other subsets")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="updates-", dir="/var/tmp") as folder:
        place = wish.recording or Path(folder) / "recording"
        if wish.recording is None:
            say("record a node that takes an update")
            record.made(place)
        return prove(place, Path(folder), wish.boots, wish.seed)


def prove(place: Path, folder: Path, count: int, seed: int) -> int:
    """All states, all bugs, COUNT boots; 0 when each went as it must."""
    recording = real.opened(place)
    began = time.monotonic()
    report = examined(recording, seed)
    seconds = time.monotonic() - began
    say(f"{report.states} states, {report.distinct} distinct, {len(report.bad)} bad")
    for bad in report.bad[:20]:
        say(f"  BAD: {bad}")
    findings = seeded(recording, seed)
    outcomes = booted(recording, place / OUTCOMES, folder, chosen(report, count, seed))
    good = not report.bad and all(findings.values()) and not any(one.wrong for one in outcomes)
    if len(outcomes) == count:
        EVIDENCE.write_text(page(recording, report, findings, outcomes, seconds), encoding="utf-8")
    return 0 if good else 1


def examined(recording: Recording, seed: int) -> Report:
    medium = recording.medium()
    return examine(
        medium, recording.checker(), recording.facts.marks, told=_progress(recording), seed=seed
    )


def seeded(recording: Recording, seed: int) -> Findings:
    """What the checker says about the first state that each bug spoils; '' where it is blind."""
    found = {}
    for bug in BUGS:
        changed = bug.put(Update(recording.story()))
        since = bugs.since(recording.ops, changed)
        medium, marks = recording.medium(changed), recording.facts.marks
        report = examine(medium, recording.checker(), marks, seed=seed, since=since, enough=1)
        found[bug.what] = "; ".join(report.bad[0].faults) if report.bad else ""
        say(f"bug: {bug.what}: {found[bug.what] or 'NOT FOUND'}")
    return found


def chosen(report: Report, count: int, seed: int) -> list[Chosen]:
    """COUNT states by chance, in turn from every phase that has any left."""
    chance = random.Random(seed)
    lists = [chance.sample(seen, len(seen)) for seen in report.sample.values()]
    chance.shuffle(lists)
    found: list[Chosen] = []
    while len(found) < count and any(lists):
        for seen in lists:
            if seen and len(found) < count:
                one = seen.pop()
                choice = tuple(tuple(piece) for piece in one.choice)
                found.append(Chosen(one.what, one.end, choice, one.boots, one.generation))
    return found


def booted(recording: Recording, kept: Path, folder: Path, wanted: list[Chosen]) -> list[Outcome]:
    """Boot what was not booted before; each outcome is kept at once."""
    from boot.machine import Rack

    done = msgspec.json.decode(kept.read_bytes(), type=list[Outcome]) if kept.is_file() else []
    if all(any(one.chosen == each for one in done) for each in wanted):
        return [next(one for one in done if one.chosen == each) for each in wanted]
    with closing(Rack(folder / "nodes")) as rack:
        for number, each in enumerate(wanted):
            if any(one.chosen == each for one in done):
                continue
            done.append(boots.boot(rack, recording, each, folder, number))
            kept.write_bytes(msgspec.json.encode(done))
            last = done[-1]
            say(f"boot {number + 1}: {each.what}: {last.version} {last.wrong} ({last.seconds} s)")
    return [next(one for one in done if one.chosen == each) for each in wanted]


def _progress(recording: Recording) -> Callable[[int], None]:
    """A line for every tenth of the log."""
    total, said = recording.ops[-1].end, 0

    def told(end: int) -> None:
        nonlocal said
        if end * 10 // total > said:
            said = end * 10 // total
            say(f"{said * 10} % of the log")

    return told


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def page(
    recording: Recording,
    report: Report,
    findings: Findings,
    outcomes: list[Outcome],
    seconds: float,
) -> str:
    """docs/evidence/updates.md."""
    flushes = sum(op.flush for op in recording.ops)
    wrong = sum(bool(one.wrong) for one in outcomes)
    lines = [
        "# Every write of an update", "",
        "Made by `scripts/prove updates`: all block writes of a node under QEMU are recorded while",
        "it boots first, commits settings, takes an update, takes it back and again, boots it and",
        "commits more. At each flush the disk is made anew with what may have arrived by",
        "then, and checked; [update safety](../update-safety.md) has the rules.",
        "", "| | |", "|---|---|",
        f"| date | {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC |",
        f"| commit | `{recording.facts.commit}` |",
        f"| machine | {_machine()}, QEMU under {recording.facts.machine} |",
        f"| recorded | {recording.facts.seconds:.0f} s |",
        f"| operations | {len(recording.ops):,}, of which {flushes:,} are flushes |",
        f"| bytes | {recording.ops[-1].end:,} |",
        f"| states | {report.states:,}, of which {report.distinct:,} differ |",
        f"| seconds | {seconds:.0f} for all of them |",
        f"| bad | **{len(report.bad)}** |",
        f"| seeded bugs | {sum(map(bool, findings.values()))} of {len(findings)} found |",
        f"| boots | {len(outcomes)}, of which {wrong} are not as they must be |",
        "", "| while | flushes | states | of which boot |", "|---|---|---|---|",
    ]  # fmt: skip
    for phase in report.phases:
        which = ", ".join(f"{version}: {n:,}" for version, n in sorted(phase.boots.items()))
        lines.append(f"| {phase.what} | {phase.flushes:,} | {phase.states:,} | {which} |")
    if report.bad:
        lines += ["", "| bad, up to this byte of the log | |", "|---|---|"]
        lines += [f"| {end:,} | {said} |" for end, said in _worst(report)]
    lines += ["", "| seeded bug | found by |", "|---|---|"]
    lines += [f"| {what} | {said or '**nothing**'} |" for what, said in findings.items()]
    lines += ["", "| booted | came up | generation | seconds | |", "|---|---|---|---|---|"]
    for one in outcomes:
        said = one.wrong or "as it must"
        lines.append(
            f"| {one.chosen.what}, byte {one.chosen.end:,} | {one.version} | {one.generation} | "
            f"{one.seconds:.0f} | {said} |"
        )
    return "\n".join(lines) + "\n"


def _worst(report: Report) -> list[tuple[int, str]]:
    """Each interval with bad states: how many there are, and what is wrong with them."""
    found: dict[int, list[str]] = {}
    for bad in report.bad:
        found.setdefault(bad.end, []).append("; ".join(bad.faults))
    return [
        (end, f"{len(all_)} states: " + ", ".join(sorted(set(all_)))) for end, all_ in found.items()
    ]


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} processors"


if __name__ == "__main__":
    sys.exit(main())
