"""The block index of a file."""

from __future__ import annotations

import hashlib

import pytest

from skyrocket.models import block_index
from skyrocket.models.block_index import BLOCK, IndexFormatError

DATA = bytes(range(256)) * 40  # two blocks and a half


def test_each_block_has_its_hash_and_the_last_one_may_be_short() -> None:
    index = block_index.of([DATA[:BLOCK], DATA[BLOCK:]])
    assert (index.size, index.blocks) == (len(DATA), 3)
    assert index.digest(2) == hashlib.sha256(DATA[2 * BLOCK :]).digest()
    assert [index.fits(at, DATA[at * BLOCK : (at + 1) * BLOCK]) for at in range(3)] == [True] * 3
    assert not index.fits(0, DATA[1:BLOCK])
    assert not index.fits(1, b"x" + DATA[BLOCK + 1 : 2 * BLOCK])
    assert not index.fits(2, DATA[2 * BLOCK :] + b"\0")


def test_what_is_written_is_read_again() -> None:
    for size in (0, 1, BLOCK, BLOCK + 1):
        index = block_index.of([DATA[:size]])
        found = block_index.parse(index.dump())
        assert (found.size, found.dump()) == (size, index.dump())


@pytest.mark.parametrize("change", [b"", b"short", b"X" + b"\0" * 60])
def test_other_bytes_are_refused(change: bytes) -> None:
    with pytest.raises(IndexFormatError):
        block_index.parse(change)


def test_hashes_for_another_size_are_refused() -> None:
    raw = block_index.of([DATA]).dump()
    for wrong in (raw[:-1], raw + raw[-32:], raw[:8] + b"\xff" * 8 + raw[16:]):
        with pytest.raises(IndexFormatError, match="bytes of hashes"):
            block_index.parse(wrong)


def test_a_piece_that_ends_within_a_block_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no whole number of blocks"):
        block_index.of([DATA[:100], DATA[100:]])
