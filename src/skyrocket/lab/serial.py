"""Reads a node's serial log: where a boot begins, how far it came, what it said last. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x00-\x08\x0b-\x1f\x7f]")
_READY = re.compile(r"skyrocket: ready version=(\S*) address=(\S*) uptime=(\S*)")
_FAILURE = re.compile(
    r"Kernel panic|systemd\[1\]: Freezing execution"
    r"|skyrocket: (this boot failed\.|stopped\.|failed:)"
)
_CLOCK = re.compile(r"\[ *(\d+\.\d+)\]")
_BACKWARDS = 0.5  # seconds; processors print a little out of order
_MARK = "--- started by the lab"
_TELLING = re.compile(
    r"panic|fail|error|cannot|denied|refus|timed out|corrupt|Oops|BUG:|skyrocket", re.IGNORECASE
)

STAGES = (
    ("firmware", re.compile(r"BdsDxe|UEFI|systemd-boot")),
    ("kernel", re.compile(r"^\[ *\d+\.\d+\] ", re.MULTILINE)),
    ("initrd", re.compile(r"Run /init as init process|^\[[ 0-9.]+\] skyrocket: ", re.MULTILINE)),
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


def start_mark(when: str) -> str:
    """The line that the lab writes into the log before it starts a virtual machine."""
    return f"{_MARK} {when} ---\n"


def boots(text: str) -> list[str]:
    """The log cut where a boot begins: at the lab's mark, or where the kernel's clock goes back.

    A quiet kernel does not print its first line, and a node restarts itself without the lab.
    """
    found: list[list[str]] = []
    last = 0.0
    for line in text.splitlines(keepends=True):
        clock = _CLOCK.match(line)
        now = float(clock[1]) if clock else last
        if not found or line.startswith(_MARK) or now < last - _BACKWARDS:
            found.append([])
            now = float(clock[1]) if clock else 0.0
        found[-1].append(line)
        last = now
    return ["".join(lines) for lines in found]


def ready(text: str) -> Ready | None:
    """The last readiness line."""
    found = _READY.findall(text)
    return Ready(*found[-1]) if found else None


def failure(text: str) -> str:
    """What the node itself says has ended this boot; '' while it may still succeed."""
    found = _FAILURE.search(text)
    return clean(text[found.start() :].partition("\n")[0])[0].strip() if found else ""


def stage(text: str) -> str:
    """The furthest stage that left a trace."""
    reached = [name for name, trace in STAGES if trace.search(text)]
    return reached[-1] if reached else "start of the virtual machine"


def telling(text: str, count: int = 12) -> list[str]:
    """The last lines that say why: those that speak of trouble, then the very last ones."""
    lines = clean(text)
    lines = [line for at, line in enumerate(lines) if line not in lines[:at]]
    last = lines[-count // 2 :]
    earlier = [line for line in lines[: -count // 2] if _TELLING.search(line)]
    return [*earlier[-(count - len(last)) :], *last]
