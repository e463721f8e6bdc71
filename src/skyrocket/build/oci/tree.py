"""The file tree of an image, as data: which entries, with which owner and mode, in which order.

An entry knows where its bytes are, never what they are. Nothing here reads a file's contents or
writes anything, so a tree can be compared, printed and tested without a disk.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from skyrocket.build.oci.errors import ClashError, OciError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Kind = Literal["file", "folder", "link", "hard-link"]

MERGED_USR = {"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64"}
"""Links that Debian's own base package brings; programs and loaders are named through them."""


class Entry(NamedTuple):
    """One path of an image: PATH is absolute, SOURCE is where a file's bytes are found."""

    path: str
    kind: Kind
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    target: str = ""
    source: Path | None = None


class Taken(NamedTuple):
    """What the patterns took, and which of them took nothing (a definition's usual mistake)."""

    entries: list[Entry]
    idle: list[str]


def pattern(glob: str) -> re.Pattern[str]:
    """GLOB as a regular expression: `*` and `?` stay within a folder, `**` crosses folders.

    >>> bool(pattern("/usr/lib/**").match("/usr/lib/a/b"))
    True
    >>> bool(pattern("/usr/*").match("/usr/lib/a"))
    False
    """
    words = re.split(r"(\*\*|\*|\?)", glob)
    meaning = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(word, re.escape(word)) for word in words) + r"\Z")


def take(entries: Iterable[Entry], include: Iterable[str], exclude: Iterable[str]) -> Taken:
    """Take the ENTRIES that a pattern of INCLUDE names and none of EXCLUDE does.

    Folders are left out: the tree makes those that its files need.
    """
    wanted = {glob: pattern(glob) for glob in include}
    refused = [pattern(glob) for glob in exclude]
    idle = dict.fromkeys(wanted)
    taken = []
    for entry in entries:
        path = usr_merged(entry.path)
        hits = [glob for glob, expression in wanted.items() if expression.match(path)]
        for glob in hits:
            idle.pop(glob, None)
        if entry.kind == "folder" or not hits or any(x.match(path) for x in refused):
            continue
        taken.append(entry._replace(path=path))
    return Taken(taken, list(idle))


def usr_merged(path: str) -> str:
    """PATH as it is on a system where /bin, /lib and the like are links into /usr."""
    top = "/" + path.split("/", 2)[1]
    return "/" + MERGED_USR[top] + path[len(top) :] if top in MERGED_USR and path != top else path


def with_parents(entries: Iterable[Entry]) -> list[Entry]:
    """ENTRIES in the order of their paths, each after the folders it needs.

    Raises ClashError when one path is claimed twice, OciError when a path lies below a link or a
    file (unpackers would follow the link).
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        other = found.setdefault(entry.path, entry)
        if other is not entry and not (other.kind == entry.kind == "folder"):
            raise ClashError(f"cannot compose the image: {entry.path} comes from two sources")
    for path in list(found):
        parent = posixpath.dirname(path)
        while parent != "/":
            above = found.setdefault(parent, Entry(parent, "folder"))
            if above.kind != "folder":
                raise OciError(
                    f"cannot compose the image: {path} lies below {parent}, a {above.kind}"
                )
            parent = posixpath.dirname(parent)
    found.pop("/", None)
    return [found[path] for path in sorted(found, key=lambda path: path.split("/"))]


def own(files: Mapping[str, Entry], modes: Mapping[str, str]) -> list[Entry]:
    """Our own files with the modes the definition gives; raises OciError for a mode of nothing."""
    for path in modes.keys() - files.keys():
        raise OciError(f"cannot set the mode of {path}: no file of that name in files/")
    return [
        entry._replace(mode=int(modes[path], 8)) if path in modes else entry
        for path, entry in files.items()
    ]
