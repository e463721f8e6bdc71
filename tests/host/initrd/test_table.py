"""What a boot makes of the partition table it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.initrd.table import plan
from skyrocket.models import disk, gpt

if TYPE_CHECKING:
    from collections.abc import Callable

SECTORS = 20 << 21


def guids(start: int = 100) -> Callable[[], str]:
    numbers = iter(range(start, 200))
    return lambda: gpt.random_guid(bytes([next(numbers)]) * 16)


def image() -> gpt.Table:
    layout = disk.layout(disk.Sizes())
    new = guids(1)
    ids = {part.label: new() for part in layout.parts}
    return layout.table(gpt.random_guid(b"i" * 16), ids).resized(SECTORS)


def settled() -> gpt.Table:
    return plan(gpt.Reading(image(), image()), SECTORS, guids()).table


def test_first_boot_renews_and_creates() -> None:
    """A fresh image gets its own disk GUID and private GUID, and data to the disk's end."""
    before = image()
    made = plan(gpt.Reading(before, before), SECTORS, guids())
    assert made.first_boot
    assert made.write
    assert made.table.disk_id != before.disk_id
    slot = disk.find(before, disk.PRIVATE_TYPE)
    assert slot is not None
    old, new = before.entries[slot], made.table.entries[slot]
    assert old is not None
    assert new is not None
    assert new.id != old.id
    assert (new.first, new.last) == (old.first, old.last)
    assert disk.find(made.table, disk.DATA_TYPE) is not None
    gpt.check(made.table)


def test_roots_keep_their_ids() -> None:
    """The GUIDs of root and hash stand for the root hash and are never renewed."""
    before, after = image(), settled()
    for slot in range(6):
        assert before.entries[slot] == after.entries[slot]


def test_later_boots_write_nothing() -> None:
    """With two whole copies and data in place the disk is left alone."""
    table = settled()
    made = plan(gpt.Reading(table, table), SECTORS, guids())
    assert (made.write, made.first_boot, made.notes) == (False, False, ())


def test_torn_copy_is_mended_and_said() -> None:
    """A lost copy is written anew, with a note that names it."""
    table = settled()
    made = plan(gpt.Reading(None, table, "has no signature"), SECTORS, guids())
    assert made.table == table
    assert made.notes == ("primary partition table has no signature",)


def test_growth_is_followed() -> None:
    """On a disk that grew, data ends at the new end and keeps its GUID."""
    table = settled().resized(SECTORS + (5 << 21))
    reading = gpt.Reading(table, None, "does not know the disk's end", "is not at the end")
    made = plan(reading, table.sectors, guids())
    slot = disk.find(made.table, disk.DATA_TYPE)
    assert slot is not None
    entry, old = made.table.entries[slot], table.entries[slot]
    assert entry is not None
    assert old is not None
    assert entry.id == old.id
    assert entry.last == old.last + (5 << 21)


def test_full_disk_is_a_first_boot_without_data() -> None:
    """Without room for data the boot goes on with the table as it is."""
    layout = disk.layout(disk.Sizes())
    table = image().resized(layout.image_bytes // 512)
    made = plan(gpt.Reading(table, table), table.sectors, guids())
    assert (made.first_boot, made.write) == (True, False)
