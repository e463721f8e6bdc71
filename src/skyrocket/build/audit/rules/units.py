"""systemd's units and D-Bus's service files name only what is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.audit.image import seen_at
from skyrocket.build.audit.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.build.audit.image import Image
    from skyrocket.build.audit.rules.owners import Accounts

FOLDERS = (
    "usr/lib/systemd/system/",
    "usr/share/factory/etc/systemd/system/",
    "usr/share/dbus-1/system-services/",
)
SEARCH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
SHELLS = ("sh", "bash", "dash", "zsh", "busybox")
PREFIXES = "@-:+!|"  # systemd.service(5), table "Special executable prefixes"
STARTS = (
    "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecReload", "ExecStop",
    "ExecStopPost", "ExecStopPre", "ExecMount", "Exec",
)  # fmt: skip
NEEDED_UNITS = (
    "Requires", "Requisite", "BindsTo", "Wants", "Upholds", "OnFailure", "OnSuccess", "Sockets",
    "Service", "Unit", "PropagatesStopTo", "JoinsNamespaceOf", "SystemdService",
)  # fmt: skip
_YES = ("yes", "true", "on", "1")
MADE_BY_SYSTEMD = (".device", ".scope", ".slice", ".mount", ".swap")
"""Units that systemd makes itself, out of what it finds."""


class Line(NamedTuple):
    """One assignment of a unit file."""

    number: int
    section: str
    key: str
    value: str


def units(image: Image, accounts: Accounts) -> Iterator[Finding]:
    """Programs, accounts and units that any unit or drop-in names."""
    known = {entry.path.rpartition("/")[2] for entry in image.below(*FOLDERS)}
    for entry in image.below(*FOLDERS):
        if entry.kind != "file" or not _is_unit(entry.path):
            continue
        lines = parse(entry.read().decode("utf-8", "replace"))
        for line in lines:
            for rule, reason, way in _judge(image, accounts, known, line):
                where = f"line {line.number}: {line.key}={line.value}: {reason}"
                yield Finding(image.part, entry.path, rule, where, way)
        if reason := _activated(entry.path, lines, known):
            way = "bring the unit, or name another with Service= or Unit="
            yield Finding(image.part, entry.path, "absent-unit", reason, way)


def wants(image: Image) -> Iterator[Finding]:
    """Links in .wants and .requires lead to a unit (templates: to the file without instance)."""
    for entry in image.below(*FOLDERS):
        folder, _, name = entry.path.rpartition("/")
        if entry.kind == "symlink" and folder.endswith((".wants", ".requires")):
            target = image.resolve(seen_at(entry.path)).entry
            if target is None or target.kind != "file":
                way = "bring the unit, or take it out of [wants]"
                yield Finding(image.part, entry.path, "absent-unit", f"{name} is not there", way)


def parse(text: str) -> list[Line]:
    """The assignments of a unit file (systemd.syntax(7)); empty ones, which reset, are left out."""
    found: list[Line] = []
    section, whole, start = "", "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith(("#", ";")) or (not line and not whole):
            continue
        start = start if whole else number
        whole += line.removesuffix("\\")
        if line.endswith("\\"):
            whole += " "
            continue
        if whole.startswith("["):
            section = whole.strip("[]")
        elif "=" in whole:
            key, _, value = whole.partition("=")
            if value.strip():
                found.append(Line(start, section, key.strip(), value.strip()))
        whole = ""
    return found


def _is_unit(path: str) -> bool:
    suffixes = (".service", ".socket", ".target", ".timer", ".path", ".mount", ".slice", ".conf")
    return path.endswith((*suffixes, ".automount", ".swap", ".scope"))


def _judge(
    image: Image, accounts: Accounts, known: set[str], line: Line
) -> Iterator[tuple[str, str, str]]:
    if line.key in STARTS and line.section != "Unit":
        yield from _program(image, line.value)
    elif line.key == "User":
        yield from _account("user", line.value, accounts.users)
    elif line.key in ("Group", "SocketGroup"):
        yield from _account("group", line.value, accounts.groups)
    elif line.key == "SocketUser":
        yield from _account("user", line.value, accounts.users)
    elif line.key == "SupplementaryGroups":
        for name in line.value.split():
            yield from _account("group", name, accounts.groups)
    elif line.key in NEEDED_UNITS and line.section != "Install":
        for name in line.value.split():
            if not _there(name, known):
                way = "bring the unit, or a drop-in or unit of ours that does not name it"
                yield "absent-unit", f"{name} is not there", way


def _program(image: Image, value: str) -> Iterator[tuple[str, str, str]]:
    words = value.lstrip(PREFIXES).split()
    if not words:
        return
    name = words[0].strip("\"'")
    base = name.rpartition("/")[2]
    if base in SHELLS:
        yield "unit-shell", f"runs a shell ({name})", "write it as a verb of the host program"
    paths = [name] if name.startswith("/") else [f"{folder}/{name}" for folder in SEARCH]
    if not any(image.program(path) is not None for path in paths):
        way = "bring the program, or a unit of ours that does not start it"
        yield "absent-program", f"{name} is not there or cannot be run", way


def _account(kind: str, name: str, known: dict[str, int]) -> Iterator[tuple[str, str, str]]:
    numeric = name.isdecimal() and int(name) in known.values()
    if name not in known and not numeric and not re.search("%[a-zA-Z]", name):
        way = f"add {name} to the package's [[{kind}s]]"
        yield f"absent-{kind}", f"there is no {kind} {name}", way


def _there(name: str, known: set[str]) -> bool:
    if name in known or name.endswith(MADE_BY_SYSTEMD) or "%" in name:
        return True
    stem, at, rest = name.partition("@")
    return bool(at) and f"{stem}@.{rest.rpartition('.')[2]}" in known


def _activated(path: str, lines: list[Line], known: set[str]) -> str:
    """What is wrong with the unit that a socket, timer or path unit starts by its name."""
    stem, _, kind = path.rpartition("/")[2].rpartition(".")
    if kind not in ("socket", "timer", "path"):
        return ""
    if any(line.key in ("Service", "Unit") and line.section != "Unit" for line in lines):
        return ""
    accepts = any(one.key == "Accept" and one.value.lower() in _YES for one in lines)
    name = f"{stem}@.service" if accepts else f"{stem}.service"
    return "" if _there(name, known) else f"starts {name}, which is not there"
