"""A dm-verity tree as data: what its superblock says, and whether blocks and root hash agree.

Source: cryptsetup wiki, "DMVerity", on-disk format version 1.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    ReadAt = Callable[[int, int], bytes]

MAGIC = b"verity\0\0"
HASH = 32
SPAN = 1 << 20


class VerityError(Exception):
    """The tree cannot be read, or does not fit."""


class Superblock(NamedTuple):
    """Block sizes in bytes, DATA_BLOCKS in data blocks."""

    data_block: int
    hash_block: int
    data_blocks: int
    salt: bytes

    @property
    def levels(self) -> list[int]:
        """Hash blocks of each level, the lowest first."""
        per_block = self.hash_block // HASH
        found = [-(-self.data_blocks // per_block)]
        while found[-1] > 1:
            found.append(-(-found[-1] // per_block))
        return found

    @property
    def tree_bytes(self) -> int:
        """Bytes of superblock and tree."""
        return (1 + sum(self.levels)) * self.hash_block


def superblock(read_at: ReadAt) -> Superblock:
    """Read the superblock; raises VerityError."""
    raw = read_at(0, 512).ljust(512, b"\0")
    version, kind = struct.unpack_from("<II", raw, 8)
    algorithm = raw[32:64].rstrip(b"\0")
    data_block, hash_block, blocks, salt_size = struct.unpack_from("<IIQH", raw, 64)
    if raw[:8] != MAGIC or (version, kind, algorithm) != (1, 1, b"sha256"):
        raise VerityError(
            "cannot read the hash tree: it has no superblock of version 1 with sha256"
        )
    if data_block != 4096 or hash_block != 4096 or not blocks or salt_size > 256:
        raise VerityError("cannot read the hash tree: its superblock has unusual sizes")
    return Superblock(data_block, hash_block, blocks, raw[88 : 88 + salt_size])


def root_hash(data_at: ReadAt, tree_at: ReadAt) -> str:
    """The root hash that data and tree prove together; raises VerityError where they differ."""
    head = superblock(tree_at)
    sizes = head.levels
    # The highest level lies first.
    starts = [1 + sum(sizes[number + 1 :]) for number in range(len(sizes))]
    below, block, count = data_at, head.data_block, head.data_blocks
    for level, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        stored = tree_at(start * head.hash_block, size * head.hash_block)
        made = _hashes(below, block, count, head.salt)
        if not stored.startswith(made):
            raise VerityError(f"cannot prove the root: level {level} of the tree does not fit")
        first = start * head.hash_block
        below, block, count = _shifted(tree_at, first), head.hash_block, size
    return hashlib.sha256(head.salt + below(0, head.hash_block)).hexdigest()


def _hashes(read_at: ReadAt, block: int, count: int, salt: bytes) -> bytes:
    found = bytearray()
    end = block * count
    for at in range(0, end, SPAN):
        data = read_at(at, min(SPAN, end - at))
        for inside in range(0, len(data), block):
            found += hashlib.sha256(salt + data[inside : inside + block]).digest()
    return bytes(found)


def _shifted(read_at: ReadAt, first: int) -> ReadAt:
    return lambda offset, length: read_at(first + offset, length)
