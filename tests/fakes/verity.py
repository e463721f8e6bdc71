"""Hash trees as the builder's tool makes them, small and in memory."""

from __future__ import annotations

import hashlib
import struct

BLOCK = 4096
SALT = bytes(range(32))


def tree(data: bytes, salt: bytes = SALT) -> tuple[bytes, str]:
    """The hash tree of DATA (superblock and all levels), and its root hash."""
    blocks = len(data) // BLOCK
    head = struct.pack(
        "<8sII16s32sIIQH6x256s168x", b"verity\0\0", 1, 1, bytes(16), b"sha256", BLOCK, BLOCK,
        blocks, len(salt), salt,
    )  # fmt: skip
    levels: list[bytes] = []
    below = data
    while True:
        digests = b"".join(
            hashlib.sha256(salt + below[at : at + BLOCK]).digest()
            for at in range(0, len(below), BLOCK)
        )
        below = digests.ljust(-(-len(digests) // BLOCK) * BLOCK, b"\0")
        levels.insert(0, below)
        if len(below) == BLOCK:
            break
    root = hashlib.sha256(salt + below).hexdigest()
    return head.ljust(BLOCK, b"\0") + b"".join(levels), root
