"""The block index of a file: what each 4 KiB of it hash to, so that a part can be checked alone.

    "SKYINDX1" │ length of the file, 8 bytes │ 32 bytes of SHA-256 for each block

Numbers are little-endian; the last block may be short. The publisher makes the index of a kernel
image, its signature makes it count. Deliberately unknown here: files, and whose blocks they are.
"""

from __future__ import annotations

import hashlib
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK = 4096
DIGEST = 32
_MAGIC = b"SKYINDX1"
_HEAD = struct.Struct("<8sQ")


class IndexFormatError(Exception):
    """The bytes are no block index."""


class Index:
    """The hashes of a file of SIZE bytes."""

    __slots__ = ("_digests", "blocks", "size")

    def __init__(self, size: int, digests: bytes) -> None:
        self.size = size
        self.blocks = -(-size // BLOCK)
        self._digests = digests
        if len(digests) != self.blocks * DIGEST:
            raise IndexFormatError(
                f"cannot use the block index: {len(digests)} bytes of hashes for {size} bytes"
            )

    def digest(self, number: int) -> bytes:
        """What block NUMBER must hash to."""
        return self._digests[number * DIGEST : (number + 1) * DIGEST]

    def fits(self, number: int, block: bytes | memoryview) -> bool:
        return (
            len(block) == length(self.size, number)
            and hashlib.sha256(block).digest() == self.digest(number)
        )  # fmt: skip

    def dump(self) -> bytes:
        return _HEAD.pack(_MAGIC, self.size) + self._digests


def length(size: int, number: int) -> int:
    """Bytes of block NUMBER of a file of SIZE bytes."""
    return min(BLOCK, size - number * BLOCK)


def parse(raw: bytes) -> Index:
    """The index in RAW; raise IndexFormatError."""
    if len(raw) < _HEAD.size:
        raise IndexFormatError("cannot use the block index: it is cut")
    magic, size = _HEAD.unpack_from(raw)
    if magic != _MAGIC:
        raise IndexFormatError("cannot use the block index: it does not begin like one")
    return Index(size, raw[_HEAD.size :])


def of(pieces: Iterable[bytes]) -> Index:
    """The index of a file that comes in PIECES, each but the last a whole number of blocks."""
    size, digests = 0, bytearray()
    for piece in pieces:
        if size % BLOCK:
            raise ValueError("a piece in the middle is no whole number of blocks")
        for at in range(0, len(piece), BLOCK):
            digests += hashlib.sha256(piece[at : at + BLOCK]).digest()
        size += len(piece)
    return Index(size, bytes(digests))
