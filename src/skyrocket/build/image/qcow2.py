"""Read a qcow2 image as if it were the raw disk inside it; nothing is written.

Source: QEMU, docs/interop/qcow2.txt. Backing files, encryption and external data files are
refused; compressed clusters are read when they are compressed with zlib.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO

MAGIC = b"QFI\xfb"
OFFSET = 0x00FF_FFFF_FFFF_FE00
ZERO, COMPRESSED = 1, 1 << 62
DIRTY = 1
ZLIB_WINDOW = -12


class Qcow2Error(Exception):
    """The file is no qcow2 image that can be read here, and why."""


class Qcow2:
    """Random access to the guest's bytes; `size` is the guest's disk size."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        head = file.read(104).ljust(104, b"\0")
        if head[:4] != MAGIC:
            raise Qcow2Error("cannot read the qcow2 image: it has another signature")
        version, backing, _, bits, size, crypt, count, table = struct.unpack_from(
            ">IQIIQIIQ", head, 4
        )
        incompatible = struct.unpack_from(">Q", head, 72)[0] if version >= 3 else 0
        if backing or crypt or incompatible & ~DIRTY:
            raise Qcow2Error("cannot read the qcow2 image: it needs another file, or is encrypted")
        if not 9 <= bits <= 21:
            raise Qcow2Error(f"cannot read the qcow2 image: clusters of 2^{bits} bytes")
        self.size: int = size
        self._bits = bits
        self._cluster = 1 << bits
        self._first: tuple[int, ...] = struct.unpack(f">{count}Q", self._at(table, 8 * count))
        self._tables: dict[int, tuple[int, ...]] = {}

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the guest's disk; what was never written is zero."""
        parts = []
        end = min(offset + length, self.size)
        while offset < end:
            inside = offset % self._cluster
            part = min(self._cluster - inside, end - offset)
            parts.append(self._read(offset >> self._bits, inside, part))
            offset += part
        return b"".join(parts)

    def _read(self, cluster: int, inside: int, length: int) -> bytes:
        entry = self._entry(cluster)
        if entry & COMPRESSED:
            return self._unpacked(entry)[inside : inside + length]
        if entry & ZERO or not entry & OFFSET:
            return bytes(length)
        return self._at((entry & OFFSET) + inside, length)

    def _entry(self, cluster: int) -> int:
        high, low = divmod(cluster, self._cluster // 8)
        where = self._first[high] & OFFSET if high < len(self._first) else 0
        if not where:
            return 0
        if where not in self._tables:
            data = self._at(where, self._cluster)
            self._tables[where] = struct.unpack(f">{self._cluster // 8}Q", data)
        entry: int = self._tables[where][low]
        return entry

    def _unpacked(self, entry: int) -> bytes:
        shift = 62 - (self._bits - 8)
        offset = entry & ((1 << shift) - 1)
        sectors = (entry & (COMPRESSED - 1)) >> shift
        packed = self._at(offset, (sectors + 1) * 512 - offset % 512, whole=False)
        try:
            return zlib.decompressobj(ZLIB_WINDOW).decompress(packed, self._cluster)
        except zlib.error as error:
            raise Qcow2Error(f"cannot read the qcow2 image: {error}") from error

    def _at(self, offset: int, length: int, *, whole: bool = True) -> bytes:
        self._file.seek(offset)
        data = self._file.read(length)
        if whole and len(data) != length:
            raise Qcow2Error("cannot read the qcow2 image: it is cut short")
        return data
