"""A hash tree: proven up to the root hash, or not used at all."""

from __future__ import annotations

import hashlib

import pytest
from fakes import verity

from skyrocket.host.update.errors import SourceError
from skyrocket.host.update.tree import BLOCK, Tree, levels


def data(blocks: int) -> bytes:
    return b"".join(hashlib.sha256(str(at).encode()).digest() * 128 for at in range(blocks))


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [(1, [1]), (128, [1]), (129, [1, 2]), (16384, [1, 128]), (16385, [1, 2, 129])],
)
def test_the_number_of_blocks_of_each_level(blocks: int, expected: list[int]) -> None:
    assert levels(blocks) == expected


@pytest.mark.parametrize("blocks", [1, 127, 128, 129, 300])
def test_every_block_fits_its_own_place_alone(blocks: int) -> None:
    content = data(blocks)
    tree = Tree(*verity.tree(content))
    assert (tree.blocks, tree.size) == (blocks, len(content))
    for number in (0, blocks // 2, blocks - 1):
        block = content[number * BLOCK : (number + 1) * BLOCK]
        assert tree.fits(number, block)
        assert not tree.fits(number, block[:-1] + b"!")
        assert not tree.fits(number, block[:-1])
        assert blocks == 1 or not tree.fits((number + 1) % blocks, block)


def test_no_byte_of_a_tree_can_be_turned_unseen() -> None:
    raw, root = verity.tree(data(300))
    for at in (BLOCK, BLOCK + 95, 2 * BLOCK, 2 * BLOCK + 4000, 4 * BLOCK, len(raw) - 1):
        turned = bytearray(raw)
        turned[at] ^= 1
        with pytest.raises(SourceError, match="not that of the root hash"):
            Tree(bytes(turned), root)


def test_a_tree_that_is_cut_or_none_is_refused() -> None:
    raw, root = verity.tree(data(300))
    with pytest.raises(SourceError, match="it is cut"):
        Tree(raw[:-1], root)
    with pytest.raises(SourceError, match="holds none"):
        Tree(bytes(len(raw)), root)
    with pytest.raises(SourceError, match="too short"):
        Tree(b"", root)
    with pytest.raises(SourceError, match="not that of the root hash"):
        Tree(raw, "ab" * 32)


def test_a_superblock_that_lies_about_its_size_is_refused() -> None:
    """More blocks than the tree has hashes for, up to numbers that would take all memory."""
    raw, root = verity.tree(data(300))
    for blocks in (301 * 128, 1 << 40, (1 << 64) - 1):
        lying = raw[:64] + raw[64:]
        at = lying.index((300).to_bytes(8, "little"))
        with pytest.raises(SourceError):
            Tree(lying[:at] + blocks.to_bytes(8, "little") + lying[at + 8 :], root)
