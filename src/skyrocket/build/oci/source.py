"""Where an image's files come from: unpacked Debian packages and the folder beside a definition.

The one module of this room that looks at file systems to list them.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from skyrocket.build.oci.tree import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skyrocket.build.lock.deb import Unpacked


_KINDS: dict[str, Kind] = {
    "file": "file",
    "folder": "folder",
    "symlink": "link",
    "hardlink": "hard-link",
}


def package(unpacked: Unpacked) -> list[Entry]:
    """The entries of an unpacked Debian package. Its times are dropped: images carry none."""
    return [
        Entry(
            "/" + member.path,
            _KINDS[member.type],
            member.mode,
            member.uid,
            member.gid,
            target="/" + member.link if member.type == "hardlink" else member.link,
            source=unpacked.tree / member.path if member.type == "file" else None,
        )
        for member in unpacked.members
    ]


def folder(root: Path) -> dict[str, Entry]:
    """List the files below ROOT as entries owned by root.

    Of the modes only the owner's x bit counts: another umask must give the same image.
    """
    found: dict[str, Entry] = {}
    for path in sorted(_walk(root)):
        name = "/" + path.relative_to(root).as_posix()
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            found[name] = Entry(name, "link", 0o777, target=str(path.readlink()))
        else:
            mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
            found[name] = Entry(name, "file", mode, source=path)
    return found


def _walk(root: Path) -> Iterator[Path]:
    for path in root.iterdir() if root.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path
