"""Reads what a node says of itself in plain text: units, memory, stages of the initrd. Pure.

The text comes from one script that a root shell on the node ran (`QUESTIONS`), cut into parts.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

CUT = "=== "
_RUN = re.compile(r"^\[ *([0-9.]+)\] Run /init as init process", re.MULTILINE)
PROGRAM = "/usr/libexec/skyrocket/skyrocket"
SLICES = ("system.slice", "hostcontainers.slice", "containers.slice")
_TIMES = (
    "KernelTimestampMonotonic", "UserspaceTimestampMonotonic", "FinishTimestampMonotonic",
    "UnitsLoadStartTimestampMonotonic", "UnitsLoadFinishTimestampMonotonic",
    "GeneratorsStartTimestampMonotonic", "GeneratorsFinishTimestampMonotonic",
)  # fmt: skip
_UNIT = (
    "Id", "InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic",
    "ExecMainStartTimestampMonotonic", "ExecMainExitTimestampMonotonic", "ActiveState",
)  # fmt: skip

QUESTIONS = f"""
echo '{CUT}initrd'; cat /run/skyrocket/initrd.json
echo '{CUT}settings'; cat /run/skyrocket/boot.json
echo '{CUT}manager'; systemctl show {" ".join("-p " + name for name in _TIMES)}
echo '{CUT}units'; systemctl show '*.service' '*.socket' '*.target' '*.mount' {
    " ".join("-p " + name for name in _UNIT)
}
echo '{CUT}processes'
for folder in /proc/[0-9]*; do
  read -r pss < <(awk '/^Pss:/ {{print $2}}' $folder/smaps_rollup 2>/dev/null) 2>/dev/null
  [ -n "$pss" ] && echo "$pss $(tr '\\0\\n' '  ' < $folder/cmdline)"
done
for slice in {" ".join(SLICES)} init.scope; do
  echo "{CUT}slice $slice"; cat /sys/fs/cgroup/$slice/memory.stat
done
echo '{CUT}kernel'; dmesg
echo '{CUT}end'
"""


class Process(NamedTuple):
    """A process that has memory of its own."""

    command: str
    pss_bytes: int


class Span(NamedTuple):
    """A unit's start: seconds since the kernel's, from its first action until it was active."""

    name: str
    begin: float
    end: float


def parts(text: str) -> dict[str, str]:
    """The answer by the names of its questions."""
    pieces = re.split(f"^{CUT}", text, flags=re.MULTILINE)[1:]
    return {name: body for name, _, body in (piece.partition("\n") for piece in pieces)}


def properties(text: str) -> list[dict[str, str]]:
    """What `systemctl show` printed: one table a unit."""
    return [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in re.split(r"\n\s*\n", text.strip())
        if block.strip()
    ]


def seconds(microseconds: str | None) -> float:
    return int(microseconds or 0) / 1_000_000


def spans(units: list[dict[str, str]]) -> list[Span]:
    """Units that started in this boot, in the order of their beginning."""
    found = []
    for unit in units:
        begin = seconds(unit.get("InactiveExitTimestampMonotonic"))
        # A oneshot that does not remain has no moment of being active, only an end.
        end = seconds(unit.get("ActiveEnterTimestampMonotonic")) or seconds(
            unit.get("ExecMainExitTimestampMonotonic")
        )
        if begin and end >= begin:
            found.append(Span(unit["Id"], begin, end))
    return sorted(found, key=lambda span: (span.begin, span.name))


def processes(text: str) -> list[Process]:
    """Largest first."""
    rows = [line.split(None, 1) for line in text.splitlines()]
    found = [Process(row[1].strip(), int(row[0]) * 1024) for row in rows if len(row) == 2]
    return sorted(found, key=lambda one: -one.pss_bytes)


def ours(found: list[Process]) -> list[Process]:
    """Those that run a program of ours."""
    return [one for one in found if one.command.split()[0] == PROGRAM]


def memory(text: str) -> int | None:
    """What cannot be dropped of a control group's memory: anonymous and kernel memory."""
    table = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    if not {"anon", "kernel"} <= table.keys():
        return None
    return int(table["anon"]) + int(table["kernel"])


def initrd(text: str, kernel: str) -> list[Span]:
    """The initrd's stages on the kernel's clock, each from the end of the one before.

    The first, `interpreter`, is what our program took until its first own line.
    """
    said = json.loads(text)
    run = _RUN.search(kernel)
    at = float(said["started_at"])
    found = [Span("interpreter", float(run[1]), round(at, 3))] if run else []
    for name, took in said["stages"].items():
        found.append(Span(name, round(at, 3), round(at + took, 3)))
        at += took
    return found
