"""The log of a disk's writes as QEMU's `blklogwrites` keeps it: operations in their order.

Source: Linux, drivers/md/dm-log-writes.c (the format); QEMU, block/blklogwrites.c (when an entry is
added: once the operation is done below). A write that is under way while a flush runs therefore
stands before that flush, although the guest was not promised it; see docs/update-safety.md.
Deliberately unknown here: what lies on the disk.
"""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, DISCARD, MARK = 1, 4, 8
SECTOR = 512
_SUPER = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")


class LogError(Exception):
    """The file is no log of writes, or of another kind than is known here."""


class Op(NamedTuple):
    """COUNT sectors from SECTOR on get DATA (None: they were discarded, or zeroed).

    FLUSH: everything before it is on the medium, then its own data come. END is where it ends in
    the log, in bytes.
    """

    sector: int
    count: int
    data: memoryview | None = None
    flush: bool = False
    end: int = 0


def read(path: Path) -> list[Op]:
    """All operations of the log at PATH; its bytes are mapped, not read."""
    with path.open("rb") as file:
        raw = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return parse(raw)


def parse(raw: memoryview) -> list[Op]:
    if len(raw) < SECTOR:
        raise LogError("cannot read the log of writes: it is empty")
    magic, version, entries, size = _SUPER.unpack_from(raw)
    if (magic, version, size) != (MAGIC, VERSION, SECTOR):
        raise LogError("cannot read the log of writes: not version 1 with sectors of 512 bytes")
    found, at = [], SECTOR
    for _ in range(entries):
        if at + SECTOR > len(raw):
            raise LogError("cannot read the log of writes: it is cut")
        sector, count, flags, length = _ENTRY.unpack_from(raw, at)
        if flags & ~(FLUSH | DISCARD | MARK):  # QEMU makes a write and a flush of a FUA
            raise LogError(f"cannot read the log of writes: flags {flags:#x}")
        at += SECTOR
        if flags & MARK:
            at += -(-length // SECTOR) * SECTOR
            continue
        size = 0 if flags & DISCARD else count * SECTOR
        if at + size > len(raw):
            raise LogError("cannot read the log of writes: it is cut")
        data = None if flags & DISCARD else raw[at : at + size]
        at += size
        found.append(Op(sector, count, data, bool(flags & FLUSH), at))
    return found


def dump(ops: Iterable[Op]) -> bytes:
    """OPS in the form that `parse` reads: for tests of it, and for logs that were changed."""
    ops = list(ops)
    parts = [_SUPER.pack(MAGIC, VERSION, len(ops), SECTOR).ljust(SECTOR, b"\0")]
    for op in ops:
        flags = FLUSH * op.flush | DISCARD * (op.data is None and op.count > 0)
        parts.append(_ENTRY.pack(op.sector, op.count, flags, 0).ljust(SECTOR, b"\0"))
        parts.append(bytes(op.data or b""))
    return b"".join(parts)
