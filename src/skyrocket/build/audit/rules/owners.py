"""Modes, owners and accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.audit.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.build.audit.image import Image

SETUID, SETGID, STICKY = 0o4000, 0o2000, 0o1000


class Accounts(NamedTuple):
    """Names and numbers of the image's passwd and group."""

    users: dict[str, int]
    groups: dict[str, int]


def accounts(image: Image) -> Accounts:
    """What the image's own files say; rights of the initrd are root's alone."""
    if image.part != "root":
        return Accounts({"root": 0}, {"root": 0})
    return Accounts(
        {row[0]: int(row[2]) for row in _rows(image.text("etc/passwd"), 7)},
        {row[0]: int(row[2]) for row in _rows(image.text("etc/group"), 4)},
    )


def modes(image: Image) -> Iterator[Finding]:
    """No file gives its starter other rights, and nobody may write what others read."""
    for path, entry in image.entries.items():
        if entry.kind != "symlink" and entry.mode & (SETUID | SETGID):
            name = "setuid" if entry.mode & SETUID else "setgid"
            reason = f"mode {entry.mode:04o} lends its owner's rights"
            yield Finding(image.part, path, name, reason, "leave it out, or take the bit away")
        if entry.kind != "symlink" and entry.mode & 0o002:
            sticky = " (sticky)" if entry.mode & STICKY else ""
            reason = f"mode {entry.mode:04o}{sticky} lets everybody write"
            yield Finding(image.part, path, "world-writable", reason, "take o+w away")


def owned(image: Image, known: Accounts) -> Iterator[Finding]:
    """Every owner has a name."""
    users, groups = set(known.users.values()), set(known.groups.values())
    way = "add the account to the package's [[users]] or [[groups]], or give the file to root"
    for path, entry in image.entries.items():
        wrong = [f"uid {entry.uid}"] if entry.uid not in users else []
        wrong += [f"gid {entry.gid}"] if entry.gid not in groups else []
        if wrong:
            reason = f"belongs to {' and '.join(wrong)}, which has no name"
            yield Finding(image.part, path, "unowned", reason, way)


def logins(image: Image) -> Iterator[Finding]:
    """Nobody can log in: no account has a password or a shell that is there."""
    way = "lock the account: `!*` in shadow, /nonexistent as the shell"
    where = "usr/share/factory/etc"
    for row in _rows(image.text("etc/passwd"), 7):
        if row[1] != "x":
            reason = f"user {row[0]} has its password here"
            yield Finding(image.part, f"{where}/passwd", "login", reason, way)
        if image.program(row[6] or "/bin/sh") is not None:
            reason = f"user {row[0]} has a shell that is there: {row[6]}"
            yield Finding(image.part, f"{where}/passwd", "login", reason, way)
    for row in _rows(image.text("etc/shadow"), 2):
        if not row[1].startswith(("!", "*")):
            reason = f"user {row[0]} is not locked"
            yield Finding(image.part, f"{where}/shadow", "login", reason, way)


def _rows(text: str, least: int) -> list[list[str]]:
    rows = [line.split(":") for line in text.splitlines() if line and not line.startswith("#")]
    return [row for row in rows if len(row) >= least]
