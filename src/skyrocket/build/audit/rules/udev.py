"""udev's rules, modprobe's commands and tmpfiles' lines name only what is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from skyrocket.build.audit.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.build.audit.image import Image
    from skyrocket.build.audit.rules.owners import Accounts

FOLDERS = ("usr/lib/udev/rules.d/", "usr/share/factory/etc/udev/rules.d/")
MODPROBE = ("usr/lib/modprobe.d/", "usr/share/factory/etc/modprobe.d/")
TMPFILES = ("usr/lib/tmpfiles.d/", "usr/share/factory/etc/tmpfiles.d/")
HELPERS = "/usr/lib/udev"
"""Where udev looks for a program that is named without a folder."""

# KEY{attribute} operator "value", udev(7).
_PAIR = re.compile(r'([A-Z_]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|-=|:=|=)\s*e?"((?:[^"\\]|\\.)*)"')


def rules(image: Image, accounts: Accounts) -> Iterator[Finding]:
    """Programs and accounts that a device rule names."""
    for entry in image.below(*FOLDERS):
        if entry.kind != "file" or not entry.path.endswith(".rules"):
            continue
        for number, key, attribute, operator, value in _pairs(
            entry.read().decode(errors="replace")
        ):
            where = f"line {number}: {key}"
            if _starts_program(key, attribute):
                name = value.strip("\"'").split()[0] if value.split() else ""
                path = name if name.startswith("/") else f"{HELPERS}/{name}"
                if image.program(path) is None:
                    reason = f"{where}: {name} is not there"
                    way = "bring the program, or a rule of ours that does not start it"
                    yield Finding(image.part, entry.path, "absent-program", reason, way)
            names = {"OWNER": accounts.users, "GROUP": accounts.groups}.get(key)
            if names is not None and operator in ("=", ":=") and not _known(value, names):
                kind = "user" if key == "OWNER" else "group"
                reason = f"{where}: there is no {kind} {value}"
                way = f"add {value} to a package's [[{kind}s]]"
                yield Finding(image.part, entry.path, f"absent-{kind}", reason, way)


def modprobe(image: Image) -> Iterator[Finding]:
    """`install` and `remove` lines are shell commands that modprobe would run."""
    for entry in image.below(*MODPROBE):
        if entry.kind != "file":
            continue
        for number, line in enumerate(entry.read().decode(errors="replace").splitlines(), start=1):
            words = line.split()
            # /bin/true and /bin/false forbid a module: a program that fails to start does as well.
            if words[:1] in (["install"], ["remove"]) and words[2:] not in (
                ["/bin/false"], ["/bin/true"],
            ):  # fmt: skip
                reason = f"line {number}: modprobe would run a shell for: {line.strip()}"
                way = "write `blacklist`, or load what is needed from a unit"
                yield Finding(image.part, entry.path, "module-command", reason, way)


def tmpfiles(image: Image, accounts: Accounts) -> Iterator[Finding]:
    """Owners of what is made at boot."""
    for entry in image.below(*TMPFILES):
        if entry.kind != "file":
            continue
        for number, line in enumerate(entry.read().decode(errors="replace").splitlines(), start=1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            for at, kind, names in ((3, "user", accounts.users), (4, "group", accounts.groups)):
                name = words[at].lstrip(":") if len(words) > at else "-"
                if name != "-" and not _known(name, names):
                    reason = f"line {number}: there is no {kind} {name}"
                    way = f"add {name} to a package's [[{kind}s]]"
                    yield Finding(image.part, entry.path, f"absent-{kind}", reason, way)


def _starts_program(key: str, attribute: str) -> bool:
    if key == "PROGRAM":
        return True
    return (key == "RUN" and attribute in ("", "program")) or (
        key == "IMPORT" and attribute == "program"
    )


def _known(name: str, names: dict[str, int]) -> bool:
    return name in names or "$" in name or "%" in name or (
        name.isdecimal() and int(name) in names.values()
    )  # fmt: skip


def _pairs(text: str) -> Iterator[tuple[int, str, str, str, str]]:
    whole, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not whole:
            start = number
        if line.lstrip().startswith("#"):
            continue
        whole += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        for match in _PAIR.finditer(whole):
            yield start, match[1], match[2] or "", match[3], match[4]
        whole = ""
