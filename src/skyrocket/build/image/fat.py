"""Read files of a FAT32 file system by path: the ESP and the boot partition.

Source: Microsoft, "FAT32 File System Specification" (2000), with its long names.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

END, BAD = 0x0FFFFFF8, 0x0FFFFFF7
LONG_NAME, FOLDER, LABEL = 0x0F, 0x10, 0x08


class FatError(Exception):
    """The bytes are no FAT32 file system that can be read."""


class Found(NamedTuple):
    """One file or folder: where its first cluster is and how long it is."""

    name: str
    folder: bool
    cluster: int
    size: int


class Fat:
    """The file system whose bytes READ_AT(offset, length) gives."""

    def __init__(self, read_at: Callable[[int, int], bytes]) -> None:
        self._read_at = read_at
        head = read_at(0, 512).ljust(512, b"\0")
        sector, per_cluster, reserved, copies = struct.unpack_from("<HBHB", head, 11)
        length, root = struct.unpack_from("<I", head, 36)[0], struct.unpack_from("<I", head, 44)[0]
        if head[510:] != b"\x55\xaa" or sector != 512 or not per_cluster or not length:
            raise FatError("cannot read the FAT file system: it has no FAT32 boot sector")
        self._cluster = sector * per_cluster
        self._data = (reserved + copies * length) * sector
        self._fat = read_at(reserved * sector, length * sector)
        self._root: int = root

    def files(self, folder: str = "") -> Iterator[tuple[str, Found]]:
        """All files below FOLDER with their paths, in the order of the folders."""
        start = self.folder(folder)
        if start is not None:
            yield from self._walk(start, folder, 0)

    def folder(self, path: str) -> int | None:
        """The first cluster of the folder at PATH; None when there is none."""
        start = self._root
        for name in filter(None, path.split("/")):
            inside = [one for one in self._list(start) if one.name.lower() == name.lower()]
            if not inside or not inside[0].folder:
                return None
            start = inside[0].cluster
        return start

    def place(self, cluster: int) -> range:
        """The bytes of CLUSTER."""
        start = self._data + (cluster - 2) * self._cluster
        return range(start, start + self._cluster)

    def read(self, found: Found) -> bytes:
        return self._chain(found.cluster)[: found.size] if found.size else b""

    def _walk(self, cluster: int, path: str, depth: int) -> Iterator[tuple[str, Found]]:
        if depth > 8:
            raise FatError("cannot read the FAT file system: folders in a circle")
        for one in self._list(cluster):
            where = f"{path}/{one.name}".lstrip("/")
            if one.folder:
                yield from self._walk(one.cluster, where, depth + 1)
            else:
                yield where, one

    def _list(self, cluster: int) -> list[Found]:
        data = self._chain(cluster)
        found: list[Found] = []
        long: dict[int, str] = {}
        for at in range(0, len(data) - 31, 32):
            record = data[at : at + 32]
            if record[0] == 0:
                break
            if record[0] == 0xE5:
                long = {}
            elif record[11] == LONG_NAME:
                text = (record[1:11] + record[14:26] + record[28:32]).decode("utf-16-le", "replace")
                long[record[0] & 0x3F] = text.partition("\0")[0].rstrip("\uffff")
            else:
                if not record[11] & LABEL and record[0] != ord("."):
                    found.append(_entry(record, "".join(long[n] for n in sorted(long))))
                long = {}
        return found

    def clusters(self, cluster: int) -> list[int]:
        """The clusters of the file or folder that begins with CLUSTER, in their order."""
        found: dict[int, None] = {}
        while 2 <= cluster < BAD:
            if cluster in found or 4 * cluster + 4 > len(self._fat):
                raise FatError("cannot read the FAT file system: a chain leads nowhere")
            found[cluster] = None
            cluster = struct.unpack_from("<I", self._fat, 4 * cluster)[0] & 0x0FFFFFFF
        return list(found)

    def _chain(self, cluster: int) -> bytes:
        parts = [
            self._read_at(self.place(first).start, count * self._cluster)
            for first, count in _stretches(self.clusters(cluster))
        ]
        return b"".join(parts)


def _stretches(clusters: list[int]) -> list[tuple[int, int]]:
    """CLUSTERS as (first, count), those in a row together."""
    found: list[tuple[int, int]] = []
    for cluster in clusters:
        if found and cluster == sum(found[-1]):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((cluster, 1))
    return found


def _entry(record: bytes, long: str) -> Found:
    high, low, size = (
        struct.unpack_from("<H", record, 20)[0],
        struct.unpack_from("<H", record, 26)[0],
        struct.unpack_from("<I", record, 28)[0],
    )
    stem, suffix = (record[a:b].decode("ascii", "replace").rstrip() for a, b in ((0, 8), (8, 11)))
    short = f"{stem}.{suffix}" if suffix else stem
    return Found(long or short, bool(record[11] & FOLDER), high << 16 | low, size)
