"""dm-verity: read the superblock of a hash partition, say the table the kernel wants.

Source: cryptsetup wiki, "DMVerity" (superblock); kernel, admin-guide/device-mapper/verity.rst.
The superblock is not trusted: whatever it says, only the tree under the root hash opens.
"""

from __future__ import annotations

import struct

from skyrocket.host.system.faults import DoorError

_SUPERBLOCK = struct.Struct("<8sII16s32sIIQH6x256s168x")
SUPERBLOCK_BYTES = _SUPERBLOCK.size
ON_CORRUPTION = {"restart": "restart_on_corruption", "panic": "panic_on_corruption"}


class Superblock:
    """What is needed of the superblock: UUID, sizes in bytes, number of data blocks, salt."""

    __slots__ = ("blocks", "data_block", "hash_block", "salt", "uuid")

    def __init__(self, uuid: str, data_block: int, hash_block: int, blocks: int, salt: str) -> None:
        self.uuid = uuid
        self.data_block = data_block
        self.hash_block = hash_block
        self.blocks = blocks
        self.salt = salt

    @property
    def sectors(self) -> int:
        return self.blocks * self.data_block // 512


def parse(raw: bytes) -> Superblock:
    """The superblock at the start of a hash partition; SHA-256 and 4096-byte blocks only."""
    if len(raw) < _SUPERBLOCK.size:
        raise DoorError("cannot read the verity superblock: the hash partition is too short")
    (signature, version, kind, uuid, algorithm, data_block, hash_block, blocks, salt_size,
     salt) = _SUPERBLOCK.unpack_from(raw)  # fmt: skip
    if signature != b"verity\0\0" or version != 1 or kind != 1:
        raise DoorError("cannot read the verity superblock: the hash partition holds none")
    if algorithm.rstrip(b"\0") != b"sha256" or (data_block, hash_block) != (4096, 4096):
        raise DoorError("cannot use the verity superblock: only SHA-256 over 4 KiB blocks is known")
    if salt_size > 256:
        raise DoorError("cannot use the verity superblock: its salt is too long")
    return Superblock(uuid.hex(), data_block, hash_block, blocks, salt[:salt_size].hex())


def table(block: Superblock, data: str, tree: str, root_hash: str, on_corruption: str) -> str:
    """Parameters of the verity target; DATA and TREE are `major:minor`, tree from block 1 on."""
    option = ON_CORRUPTION[on_corruption]
    return (
        f"1 {data} {tree} {block.data_block} {block.hash_block} {block.blocks} 1 "
        f"sha256 {root_hash} {block.salt or '-'} 1 {option}"
    )
