"""One path of a file system to be: what it is, who owns it, where its bytes come from."""

from __future__ import annotations

import io
import tarfile
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Entry(NamedTuple):
    """`path` has no leading slash; `origin` says which package brought it (`debian:NAME`, …).

    LABEL is SELinux's; without one the file has none.
    """

    path: str
    kind: Literal["file", "folder", "symlink"]
    mode: int
    origin: str
    content: Path | bytes = b""
    link: str = ""
    uid: int = 0
    gid: int = 0
    label: str = ""

    def read(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()

    def size(self) -> int:
        if isinstance(self.content, bytes):
            return len(self.content)
        return self.content.stat().st_size


def with_parents(entries: Iterable[Entry]) -> list[Entry]:
    """The entries sorted by path, with the folders that none of them names (0755, root)."""
    found = {entry.path: entry for entry in entries}
    for path in list(found):
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found[parent] = Entry(parent, "folder", 0o755, "frame")
            parent = parent.rpartition("/")[0]
    return [found[path] for path in sorted(found)]


_LABEL = "SCHILY.xattr.security.selinux"
"""The PAX record in which tar, and mkfs.erofs, carry this attribute."""


def write_tar(entries: Iterable[Entry], target: IO[bytes], epoch: int, label: str = "") -> None:
    """The entries as a tar stream, which carries what an unprivileged build cannot set.

    That is owners and labels; LABEL is the root folder's.
    """
    # Without an entry of its own the root folder would be everybody's to write.
    top = Entry(".", "folder", 0o755, "frame", label=label)
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in (top, *entries):
            info = tarfile.TarInfo(entry.path)
            info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, epoch
            if entry.label:
                # The kernel writes and compares labels with the zero byte at their end.
                info.pax_headers = {_LABEL: f"{entry.label}\0"}
            if entry.kind == "folder":
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif entry.kind == "symlink":
                info.type, info.linkname = tarfile.SYMTYPE, entry.link
                tar.addfile(info)
            else:
                data = entry.read()
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
