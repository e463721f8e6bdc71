"""One layer of an image: a tar stream that is the same wherever and whenever it is made.

Owners come from the entries, never from the file system, because the builder has a single user
id; times are the epoch. Layers are not compressed: they travel over the loopback of one machine,
the node would pay for unpacking them (gunzip under emulation costs more than the bytes), and the
output of a compressor depends on its version, which would make the image depend on this machine.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.build.oci.tree import Entry

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar"
_TYPES = {
    "file": tarfile.REGTYPE,
    "folder": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "hard-link": tarfile.LNKTYPE,
}


class Layer(NamedTuple):
    """What a manifest says of a layer; not compressed, so digest and diff id are one."""

    digest: str
    size: int
    entries: int


def write(entries: Iterable[Entry], stream: IO[bytes]) -> Layer:
    """Write ENTRIES, in the order given, as a tar to STREAM."""
    hashing = _Hashing(stream)
    count = 0
    with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for entry in entries:
            count += 1
            _add(tar, entry)
    return Layer(f"sha256:{hashing.hash.hexdigest()}", hashing.size, count)


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path.lstrip("/"))
    info.type = _TYPES[entry.kind]
    info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
    info.linkname = entry.target.lstrip("/") if entry.kind == "hard-link" else entry.target
    if entry.source is None:
        tar.addfile(info)
        return
    with entry.source.open("rb") as contents:
        info.size = contents.seek(0, io.SEEK_END)
        contents.seek(0)
        tar.addfile(info, contents)


class _Hashing:
    """Counts and hashes what passes through on its way to the file."""

    def __init__(self, below: IO[bytes]) -> None:
        self.below, self.hash, self.size = below, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        self.size += len(data)
        return self.below.write(data)
