"""Reads a node's serial log: where a boot begins, how far it came, what it said last. Pure."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

KERNEL = "Linux version "
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x00-\x08\x0b-\x1f\x7f]")
_READY = re.compile(r"skyrocket: ready version=(\S*) address=(\S*) uptime=(\S*)")
_PANIC = re.compile(r"Kernel panic|end Kernel panic|systemd\[1\]: Freezing execution")
_TELLING = re.compile(
    r"panic|fail|error|cannot|denied|refus|timed out|corrupt|Oops|BUG:|skyrocket", re.IGNORECASE
)

STAGES = (
    ("firmware", re.compile(r"BdsDxe|UEFI|systemd-boot")),
    ("kernel", re.compile(re.escape(KERNEL))),
    ("initrd", re.compile(r"Run /init as init process|skyrocket-init")),
    ("systemd", re.compile(r"systemd\[1\]: |Welcome to ")),
    ("settings", re.compile(r"skyrocket-boot")),
    ("API", re.compile(r"skyrocket-api")),
    ("ready", _READY),
)


class Ready(NamedTuple):
    """What the console says once the API answers."""

    version: str
    address: str
    uptime: str


def clean(text: str) -> list[str]:
    """Lines without colours, cursor movements and empty ones."""
    lines = (_ESCAPES.sub("", line).rstrip() for line in text.replace("\r", "\n").split("\n"))
    return [line for line in lines if line.strip()]


def boots(text: str) -> list[str]:
    """The log cut at each start of a kernel; what precedes the first belongs to it."""
    starts = [text.rfind("\n", 0, at) + 1 for at in _all(text, KERNEL)]
    if not starts:
        return [text] if text.strip() else []
    cuts = [0, *starts[1:], len(text)]
    return [text[begin:end] for begin, end in pairwise(cuts)]


def ready(text: str) -> Ready | None:
    """The last readiness line."""
    found = _READY.findall(text)
    return Ready(*found[-1]) if found else None


def panicked(text: str) -> bool:
    return _PANIC.search(text) is not None


def stage(text: str) -> str:
    """The furthest stage that left a trace."""
    reached = [name for name, trace in STAGES if trace.search(text)]
    return reached[-1] if reached else "start of the virtual machine"


def telling(text: str, count: int = 12) -> list[str]:
    """The last lines that say why: those that speak of trouble, then the very last ones."""
    lines = clean(text)
    last = lines[-count // 2 :]
    earlier = [line for line in lines[: -count // 2] if _TELLING.search(line)]
    return [*earlier[-(count - len(last)) :], *last]


def _all(text: str, part: str) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), text)]
