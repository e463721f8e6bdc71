"""The verity superblock, and the words the kernel gets."""

from __future__ import annotations

import struct

import pytest

from skyrocket.host.system import verity
from skyrocket.host.system.faults import DoorError

SALT = bytes(range(32))


def superblock(algorithm: bytes = b"sha256", block: int = 4096, blocks: int = 2505) -> bytes:
    uuid = bytes.fromhex("11111111222233334444555555555555")
    head = struct.pack(
        "<8sII16s32sIIQH6x", b"verity\0\0", 1, 1, uuid, algorithm, block, 4096, blocks, 32
    )
    return (head + SALT).ljust(512, b"\0")


def test_parses_what_veritysetup_writes() -> None:
    """Block count, salt and UUID come from the superblock."""
    parsed = verity.parse(superblock())
    assert (parsed.blocks, parsed.salt, parsed.sectors) == (2505, SALT.hex(), 2505 * 8)
    assert parsed.uuid == "11111111222233334444555555555555"


@pytest.mark.parametrize(
    "raw",
    [b"", bytes(512), superblock(b"sha1"), superblock(block=1024)],
    ids=["nothing", "zeros", "sha1", "small blocks"],
)
def test_refuses_other_superblocks(raw: bytes) -> None:
    """Only SHA-256 over 4 KiB blocks is opened; everything else says why not."""
    with pytest.raises(DoorError, match="superblock"):
        verity.parse(raw)


@pytest.mark.parametrize("choice", ["restart", "panic"])
def test_table_says_what_corruption_does(choice: str) -> None:
    """The kernel is told never to hand out a corrupt block and go on."""
    words = verity.table(verity.parse(superblock()), "254:3", "254:4", "ab" * 32, choice)
    assert words == (
        f"1 254:3 254:4 4096 4096 2505 1 sha256 {'ab' * 32} {SALT.hex()} 1 {choice}_on_corruption"
    )
