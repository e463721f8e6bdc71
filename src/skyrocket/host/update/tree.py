"""A verity hash tree in memory: proven once up to the signed root hash, then asked for each block.

    superblock │ top level │ … │ leaves

Every level's blocks are hashed by the level above it, the top block by the root hash. Source:
kernel, admin-guide/device-mapper/verity.rst. Deliberately unknown here: where blocks come from.
"""

from __future__ import annotations

import hashlib

from skyrocket.host.system import verity
from skyrocket.host.system.faults import DoorError
from skyrocket.host.update.errors import SourceError
from skyrocket.models import block_index

BLOCK, DIGEST = block_index.BLOCK, block_index.DIGEST
_FAN = BLOCK // DIGEST


class Tree:
    """The hashes of BLOCKS data blocks."""

    def __init__(self, raw: bytes, root_hash: str) -> None:
        try:
            head = verity.parse(raw)
        except DoorError as error:
            raise SourceError(str(error)) from error
        self.blocks = head.blocks
        self._salted = hashlib.sha256(bytes.fromhex(head.salt))
        self._raw = memoryview(raw)
        self._leaves = self._proven(bytes.fromhex(root_hash))

    @property
    def size(self) -> int:
        """Bytes of the data."""
        return self.blocks * BLOCK

    def digest(self, number: int) -> bytes:
        """What block NUMBER must hash to."""
        start = self._leaves + number * DIGEST
        return bytes(self._raw[start : start + DIGEST])

    def fits(self, number: int, block: bytes | memoryview) -> bool:
        return len(block) == BLOCK and self._hash(block) == self.digest(number)

    def _hash(self, block: bytes | memoryview) -> bytes:
        made = self._salted.copy()
        made.update(block)
        return made.digest()

    def _proven(self, root: bytes) -> int:
        """Check every level from the top down -> where the leaves begin."""
        start = BLOCK
        above = [root]
        for count in levels(self.blocks):
            end = start + count * BLOCK
            if end > len(self._raw):
                raise SourceError("cannot use the hash tree: it is cut")
            level = self._raw[start:end]
            parts = [level[at : at + BLOCK] for at in range(0, len(level), BLOCK)]
            if [self._hash(part) for part in parts] != above[:count]:
                raise SourceError("cannot use the hash tree: it is not that of the root hash")
            above = [bytes(level[at : at + DIGEST]) for at in range(0, len(level), DIGEST)]
            start = end
        return start - levels(self.blocks)[-1] * BLOCK


def levels(blocks: int) -> list[int]:
    """How many blocks each level of hashes over BLOCKS has, the top first."""
    found = [-(-blocks // _FAN)]
    while found[0] > 1:
        found.insert(0, -(-found[0] // _FAN))
    return found
