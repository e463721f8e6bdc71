"""Read files of an ext4 file system whose journal was not replayed: as the kernel would see it.

Replaying is done in memory: committed transactions from the journal's tail on are laid over the
blocks, revoked blocks left out, checksums compared as the kernel does (version 3). What a mount
would refuse is an `Ext4Error`. Only what `mke2fs` gives our private partition is known: blocks of
4 KiB, extents, no inline data, folders as lists (a hashed folder reads as one, too).

Source: Linux, Documentation/filesystems/ext4 (layout, journal). ADR 0052 says why it is our own.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK = 4096
ROOT_INODE, JOURNAL_INODE = 2, 8
EXTENTS, FOLDER_TYPE, TYPES = 0x80000, 0x4000, 0xF000
RECOVER, WIDE = 0x4, 0x80  # features that must be known
KNOWN = (
    0x2 | RECOVER | 0x40 | WIDE | 0x200
)  # file types, journal, extents, 64 bits, flexible groups
J_MAGIC = 0xC03B3998
CHECKSUMS = 0x10  # of version 3
J_KNOWN = 0x1 | 0x2 | CHECKSUMS  # revoked blocks, 64 bits
ESCAPED, SAME_UUID, LAST = 1, 2, 8


class Ext4Error(Exception):
    """The file system cannot be mounted, or its files not be read."""


class Kind(IntEnum):
    """Of blocks in the journal that hold no data."""

    DESCRIPTOR = 1
    COMMIT = 2
    REVOKE = 5


class _Tag(NamedTuple):
    block: int
    escaped: bool
    checksum: int


class _Journal(NamedTuple):
    blocks: list[int]  # where each block of the journal lies
    first: int
    start: int
    sequence: int
    seed: int
    wide: bool


class Ext4:
    """The file system whose bytes READ_AT(offset, length) gives."""

    def __init__(self, read_at: Callable[[int, int], bytes]) -> None:
        self._read_at = read_at
        self._replayed: dict[int, bytes] = {}
        head = read_at(1024, 1024)
        if struct.unpack_from("<H", head, 0x38)[0] != 0xEF53:
            raise Ext4Error("cannot read ext4: it has no superblock")
        incompatible = struct.unpack_from("<I", head, 0x60)[0]
        if struct.unpack_from("<I", head, 0x18)[0] != 2 or incompatible & ~KNOWN:
            raise Ext4Error(f"cannot read ext4: unknown features {incompatible:#x}")
        self._per_group = struct.unpack_from("<I", head, 0x28)[0]
        self._inode_bytes = struct.unpack_from("<H", head, 0x58)[0]
        self._descriptor = 64 if incompatible & WIDE else 32
        self.replayed = 0
        if incompatible & RECOVER:
            self._replay()

    def names(self, path: str) -> list[str]:
        """What the folder at PATH holds; nothing when there is none."""
        inode = self._find(path)
        return [] if inode is None else sorted(self._entries(inode))

    def read(self, path: str) -> bytes | None:
        """The bytes of the file at PATH; None when there is none."""
        inode = self._find(path)
        return None if inode is None else self._content(inode)

    def _block(self, number: int) -> bytes:
        found = self._replayed.get(number)
        return self._read_at(number * BLOCK, BLOCK) if found is None else found

    def _inode(self, number: int) -> bytes:
        group, place = divmod(number - 1, self._per_group)
        table, inside = divmod(group * self._descriptor, BLOCK)
        low = struct.unpack_from("<I", self._block(1 + table), inside + 8)[0]
        at = place * self._inode_bytes
        start = at % BLOCK
        return self._block(low + at // BLOCK)[start : start + self._inode_bytes]

    def _find(self, path: str) -> bytes | None:
        inode = self._inode(ROOT_INODE)
        for name in filter(None, path.split("/")):
            number = self._entries(inode).get(name)
            if number is None:
                return None
            inode = self._inode(number)
        return inode

    def _entries(self, inode: bytes) -> dict[str, int]:
        if struct.unpack_from("<H", inode)[0] & TYPES != FOLDER_TYPE:
            raise Ext4Error("cannot read ext4: a file stands where a folder should")
        found, raw = {}, self._content(inode)
        for start in range(0, len(raw), BLOCK):
            at = start
            while at < start + BLOCK:
                number, length, size = struct.unpack_from("<IHB", raw, at)
                if length < 8 or length % 4 or at + length > start + BLOCK:
                    raise Ext4Error("cannot read ext4: a folder is broken")
                if number and size:
                    found[raw[at + 8 : at + 8 + size].decode("utf-8", "replace")] = number
                at += length
        return {name: number for name, number in found.items() if name not in {".", ".."}}

    def _content(self, inode: bytes) -> bytes:
        size = struct.unpack_from("<I", inode, 4)[0]
        wanted = -(-size // BLOCK)
        blocks = self._blocks(inode)
        parts = [self._block(blocks[at]) if at in blocks else bytes(BLOCK) for at in range(wanted)]
        return b"".join(parts)[:size]

    def _blocks(self, inode: bytes) -> dict[int, int]:
        """Where the blocks of a file lie, by their number in it."""
        if not struct.unpack_from("<I", inode, 0x20)[0] & EXTENTS:
            raise Ext4Error("cannot read ext4: a file without extents")
        return dict(self._extents(inode[0x28:0x64]))

    def _extents(self, node: bytes, depth: int = 5) -> Iterator[tuple[int, int]]:
        magic, count, _, level = struct.unpack_from("<4H", node)
        if magic != 0xF30A or level > depth:
            raise Ext4Error("cannot read ext4: a tree of extents is broken")
        for at in range(12, 12 + 12 * count, 12):
            if level:
                leaf, high = struct.unpack_from("<IH", node, at + 4)
                yield from self._extents(self._block(high << 32 | leaf), level - 1)
                continue
            first, length, high, low = struct.unpack_from("<IHHI", node, at)
            for more in range(length if length <= 32768 else 0):  # longer: not yet written
                yield first + more, (high << 32 | low) + more

    def _replay(self) -> None:
        journal = self._journal()
        if journal.start == 0:
            return
        transactions = list(_scan(journal, lambda at: self._block(journal.blocks[at])))
        revoked: dict[int, int] = {}
        for number, (_, revokes) in enumerate(transactions):
            revoked |= dict.fromkeys(revokes, number)
        fresh: dict[int, bytes] = {}
        for number, (written, _) in enumerate(transactions):
            for tag, at in written:
                data = self._block(journal.blocks[at])
                wanted = _sum(journal.seed, journal.sequence + number, data)
                if wanted != tag.checksum:
                    raise Ext4Error(
                        f"cannot mount ext4: block {tag.block} in the journal is broken"
                    )
                if revoked.get(tag.block, -1) < number:
                    fresh[tag.block] = (
                        struct.pack(">I", J_MAGIC) + data[4:] if tag.escaped else data
                    )
        self._replayed, self.replayed = fresh, len(transactions)

    def _journal(self) -> _Journal:
        places = self._blocks(self._inode(JOURNAL_INODE))
        blocks = [places[at] for at in range(len(places))]
        head = self._block(blocks[0])
        magic, kind, _, size, length, first, sequence, start = struct.unpack_from(">8I", head)
        features = struct.unpack_from(">I", head, 0x28)[0]
        if magic != J_MAGIC or kind != 4 or size != BLOCK or features & ~J_KNOWN:
            raise Ext4Error(f"cannot mount ext4: unknown journal {kind}, features {features:#x}")
        if start and not features & CHECKSUMS:
            raise Ext4Error("cannot mount ext4: a journal without checksums is not known")
        own = head[:0xFC] + bytes(4) + head[0x100:1024]
        told = struct.unpack_from(">I", head, 0xFC)[0]
        if features & CHECKSUMS and crc32c(0xFFFFFFFF, own) != told:
            raise Ext4Error("cannot mount ext4: the superblock of the journal is broken")
        seed = crc32c(0xFFFFFFFF, head[0x30:0x40])
        return _Journal(blocks[:length], first, start, sequence, seed, bool(features & 2))


_Transaction = tuple[list[tuple[_Tag, int]], list[int]]


def _scan(journal: _Journal, block: Callable[[int], bytes]) -> Iterator[_Transaction]:
    """Transactions that were committed: blocks with their places in the journal, and revoked."""
    written: list[tuple[_Tag, int]] = []
    revoked: list[int] = []
    at, sequence = journal.start, journal.sequence

    def after(place: int, count: int) -> int:
        place += count
        return place if place < len(journal.blocks) else place - len(journal.blocks) + journal.first

    for _ in range(len(journal.blocks)):
        raw = block(at)
        magic, kind, number = struct.unpack_from(">III", raw)
        if (magic, number) != (J_MAGIC, sequence):
            return
        at = after(at, 1)
        match kind:
            case Kind.DESCRIPTOR | Kind.REVOKE if not _tail_fits(journal, raw):
                return
            case Kind.DESCRIPTOR:
                for tag in _tags(raw, wide=journal.wide):
                    written.append((tag, at))
                    at = after(at, 1)
            case Kind.REVOKE:
                revoked += _revoked(raw, wide=journal.wide)
            case Kind.COMMIT:
                if not _commit_fits(journal, raw):
                    return
                yield written, revoked
                written, revoked, sequence = [], [], sequence + 1
            case _:
                return


def _tags(raw: bytes, *, wide: bool) -> Iterator[_Tag]:
    at = 12
    while at + 16 <= BLOCK - 4:
        low, flags, high, checksum = struct.unpack_from(">IIII", raw, at)
        yield _Tag(low | (high << 32 if wide else 0), bool(flags & ESCAPED), checksum)
        at += 16 if flags & SAME_UUID else 32
        if flags & LAST:
            return


def _revoked(raw: bytes, *, wide: bool) -> list[int]:
    end = struct.unpack_from(">I", raw, 12)[0]
    size = 8 if wide else 4
    return [int.from_bytes(raw[at : at + size], "big") for at in range(16, end, size)]


def _tail_fits(journal: _Journal, raw: bytes) -> bool:
    own = raw[: BLOCK - 4] + bytes(4)
    return crc32c(journal.seed, own) == struct.unpack_from(">I", raw, BLOCK - 4)[0]


def _commit_fits(journal: _Journal, raw: bytes) -> bool:
    own = raw[:16] + bytes(4) + raw[20:]
    return crc32c(journal.seed, own) == struct.unpack_from(">I", raw, 16)[0]


def _sum(seed: int, sequence: int, data: bytes) -> int:
    return crc32c(crc32c(seed, struct.pack(">I", sequence)), data)


def _table() -> list[int]:
    found = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        found.append(value)
    return found


_CRC = _table()


@lru_cache(maxsize=1 << 16)
def crc32c(value: int, data: bytes) -> int:
    """The checksum of DATA, continued from VALUE; kept, since the same blocks come again."""
    table = _CRC
    for byte in data:
        value = table[(value ^ byte) & 255] ^ value >> 8
    return value
