"""The layout of a node's disk, and what a first boot or a larger disk makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyrocket.models import disk, gpt

GOLDEN = Path(__file__).parents[1] / "golden" / "disk-layout.txt"
HASH = "00112233445566778899aabbccddeeff" + "f0e1d2c3b4a5968778695a4b3c2d1e0f"


def ids() -> dict[str, str]:
    labels = [part.label for part in disk.layout(disk.Sizes()).parts]
    return {label: gpt.random_guid(bytes([n]) * 16) for n, label in enumerate(labels)}


def image(sectors: int | None = None) -> gpt.Table:
    layout = disk.layout(disk.Sizes())
    table = layout.table(gpt.random_guid(b"d" * 16), ids())
    return table if sectors is None else table.resized(sectors)


def test_layout_is_the_agreed_one() -> None:
    """Partitions, offsets and sizes are those every installed node has: a change is seen."""
    layout = disk.layout(disk.Sizes())
    rows = [
        f"{part.label:<8} {part.offset >> 20:>5} {part.size >> 20:>5} "
        f"{part.attributes:016x} {part.kind}"
        for part in layout.parts
    ]
    assert GOLDEN.read_text().splitlines() == [*rows, f"image {layout.image_bytes >> 20}"]


def test_layout_is_a_valid_table() -> None:
    """The image's table passes every check and leaves room for both copies."""
    gpt.check(image())


def test_roots_differ_by_architecture() -> None:
    """Root and hash types follow the Discoverable Partitions of the architecture."""
    amd64 = disk.layout(disk.Sizes(), "amd64")
    arm64 = disk.layout(disk.Sizes(), "arm64")
    assert amd64.part("root-a").kind != arm64.part("root-a").kind
    assert amd64.part("private").kind == arm64.part("private").kind


@pytest.mark.parametrize("root", [1 << 30, 3 << 30, 10 << 30])
def test_hash_partition_holds_the_tree(root: int) -> None:
    """One per cent of the root is room enough for superblock and every level of its tree."""
    blocks, tree = root // 4096, 1
    while blocks > 1:
        blocks = -(-blocks // 128)
        tree += blocks
    assert tree * 4096 <= disk.hash_bytes(root)


def test_root_ids_are_the_two_ends_of_the_root_hash() -> None:
    """The root's GUID is the first half of the hash, the hash partition's the second."""
    assert disk.root_ids(HASH) == (
        "00112233-4455-6677-8899-aabbccddeeff",
        "f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f",
    )


@pytest.mark.parametrize("bad", ["", HASH[:-1], "z" * 64])
def test_root_hash_must_be_one(bad: str) -> None:
    """Anything but 64 hex digits is refused."""
    with pytest.raises(ValueError, match="64 hex digits"):
        disk.root_ids(bad)


def test_data_takes_the_rest_of_the_disk() -> None:
    """The first boot puts data behind private, aligned, up to the disk's end, marked new."""
    made = disk.with_data(image(20 << 21), gpt.random_guid(b"x" * 16))
    assert made is not None
    table, slot = made
    entry = table.entries[slot]
    assert entry is not None
    assert (entry.first % disk.ALIGN, (entry.last + 1) % disk.ALIGN) == (0, 0)
    assert table.last_usable - entry.last < disk.ALIGN
    assert entry.attributes & disk.NEW
    gpt.check(table)


def test_no_data_without_room() -> None:
    """An image that was not enlarged leaves no room, and that is not an error here."""
    assert disk.with_data(image(), gpt.random_guid(b"x" * 16)) is None


def test_data_grows_with_the_disk() -> None:
    """On a larger disk data is stretched; on the same disk nothing changes."""
    made = disk.with_data(image(20 << 21), gpt.random_guid(b"x" * 16))
    assert made is not None
    table, slot = made
    assert disk.with_grown_data(table) is None
    grown = disk.with_grown_data(table.resized(30 << 21))
    assert grown is not None
    before, after = table.entries[slot], grown.entries[slot]
    assert before is not None
    assert after is not None
    assert (after.first, after.id) == (before.first, before.id)
    assert after.last == before.last + (10 << 21)


def test_data_does_not_grow_into_a_neighbour() -> None:
    """A partition that someone put behind data keeps data as it is."""
    made = disk.with_data(image(20 << 21), gpt.random_guid(b"x" * 16))
    assert made is not None
    table = made[0].resized(30 << 21)
    first = 25 << 21
    foreign = gpt.Entry(disk.DATA_TYPE, gpt.random_guid(b"f" * 16), first, first + 2047, "mine")
    assert disk.with_grown_data(table.replaced(20, foreign)) is None
