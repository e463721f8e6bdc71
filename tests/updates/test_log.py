"""The log's form, the cuts in it, and the disk that is made of them."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest
from updates import cuts, log, sparse
from updates.cuts import Effort, Interval, Piece
from updates.log import SECTOR, LogError, Op
from updates.medium import Medium

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = (memoryview(letter * SECTOR) for letter in (b"a", b"b", b"c"))
OPS = [
    Op(1, 1, A, end=1536),
    Op(2, 2, memoryview(bytes(B) + bytes(C)), end=3072),
    Op(0, 0, memoryview(b""), flush=True, end=3584),
    Op(2, 1, end=4096),
]


def test_a_log_is_read_as_it_was_written() -> None:
    """Writes, a flush, a discard: each with the place at which it ends."""
    assert log.parse(memoryview(log.dump(OPS))) == OPS


@pytest.mark.parametrize(
    ("at", "raw"),
    [(0, b"x"), (8, b"\x09"), (24, struct.pack("<I", 4096)), (528, b"\x02")],
    ids=["magic", "version", "sectors", "flags"],
)
def test_another_log_is_refused(at: int, raw: bytes) -> None:
    """Rather than read as something it is not."""
    whole = bytearray(log.dump(OPS))
    whole[at : at + len(raw)] = raw
    with pytest.raises(LogError):
        log.parse(memoryview(whole))


def test_a_log_that_was_cut_is_refused() -> None:
    """Its last entry would be half there."""
    with pytest.raises(LogError, match="it is cut"):
        log.parse(memoryview(log.dump(OPS))[:2048])


def test_a_log_is_cut_at_its_flushes() -> None:
    """What was pending before a flush is settled after it; operations elsewhere are left out."""
    assert list(cuts.intervals(OPS, [True] * 4)) == [
        Interval((), (0, 1), 3584),
        Interval((0, 1), (3,), 4096),
    ]
    assert next(cuts.intervals(OPS, [False, True, False, False])).pending == (1,)


def test_every_subset_of_few_writes_is_made_once() -> None:
    """Sixteen of four."""
    found = list(cuts.choices((1, 2, 3, 4), (1, 1, 1, 1), random.Random(0), Effort(9, 0)))
    assert len(found) == len(set(found)) == 16


def test_of_many_writes_some_subsets_are_made() -> None:
    """None, all, and others by chance; a torn one has parts of a write in it."""
    found = list(cuts.choices(range(9), [16] * 9, random.Random(0), Effort(12, 8)))
    assert {0, 9} <= {len(choice) for choice in found}
    assert any(piece.stop - piece.start < 16 for choice in found for piece in choice)
    assert all(0 <= piece.start < piece.stop <= 16 for choice in found for piece in choice)


def test_of_few_changed_sectors_every_subset_is_made() -> None:
    """Across writes: both copies of a table may be half new."""
    changed = [Piece(1, 3, 4), Piece(1, 7, 8), Piece(2, 0, 1)]
    found = set(cuts.choices((1, 2), (9, 9), random.Random(0), Effort(0, 0), changed))
    assert (Piece(1, 3, 4), Piece(2, 0, 1)) in found
    assert len(found) == 4 + 7


def test_sectors_with_the_bytes_that_were_there_do_not_matter() -> None:
    """A write of forty sectors may change two."""
    ops = [Op(0, 3, memoryview(b"." * SECTOR + bytes(A) + b"." * SECTOR))]
    medium = Medium(lambda _, size: b"." * size, {"all": (range(9),)}, ops)
    assert medium.changes((0,)) == [Piece(0, 1, 2)]
    assert medium.changes((0,), most=2) == []


def test_a_disk_is_made_of_base_and_what_arrived() -> None:
    """The newest content of each sector, discarded ones as zeros; keys follow the bytes."""
    medium = Medium(lambda _, size: b"." * size, {"low": (range(2),), "high": (range(2, 9),)}, OPS)
    assert medium.seen == [True, True, False, True]
    before = medium.state().key("low", "high")
    torn = medium.state((Piece(1, 1, 2),))
    assert torn.read(SECTOR, 3 * SECTOR) == b"." * 2 * SECTOR + bytes(C)
    assert torn.key("low") == medium.state().key("low")
    assert torn.key("high") != medium.state().key("high")
    medium.settle((0, 1))
    assert medium.state().key("low", "high") != before
    whole = medium.state((Piece(3, 0, 1),))
    assert whole.read(SECTOR, 3 * SECTOR) == bytes(A) + bytes(SECTOR) + bytes(C)
    assert whole.read(SECTOR + 500, 24) == b"a" * 12 + bytes(12)
    assert whole.runs() == [(1, 3)]


def test_a_file_with_holes_is_copied_with_them(tmp_path: Path) -> None:
    """The bytes, the wanted size, and no block for what was never written."""
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        file.seek(8 << 20)
        file.write(b"here")
        file.truncate(16 << 20)
    sparse.copy(source, target, 32 << 20)
    assert target.read_bytes() == bytes(8 << 20) + b"here" + bytes((24 << 20) - 4)
    assert target.stat().st_blocks <= source.stat().st_blocks
