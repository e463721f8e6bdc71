"""Partition tables: what we read, what we refuse, what we write and in which order."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyrocket.models import gpt

GOLDEN = Path(__file__).parents[1] / "golden" / "gpt-sfdisk.txt"
TYPE = "0fc63daf-8483-4772-8e79-3d69d8477de4"
DISK = "11111111-2222-4333-8444-555555555555"
SECTORS = 16384


def guid(number: int) -> str:
    return gpt.random_guid(number.to_bytes(16, "big"))


def entry(number: int, first: int, last: int, name: str = "") -> gpt.Entry:
    return gpt.Entry(TYPE, guid(number), first, last, name)


def table(*entries: gpt.Entry | None, sectors: int = SECTORS) -> gpt.Table:
    return gpt.Table(DISK, sectors, entries)


def blank(sectors: int = SECTORS) -> bytearray:
    return bytearray(sectors * 512)


def write(disk: bytearray, what: gpt.Table) -> None:
    for batch in gpt.writes(what):
        for offset, data in batch:
            disk[offset : offset + len(data)] = data


def read(disk: bytearray) -> gpt.Reading:
    return gpt.read(lambda at, size: bytes(disk[at : at + size]), len(disk) // 512)


def golden() -> bytearray:
    disk = blank(64 * 2048)
    for line in GOLDEN.read_text().splitlines():
        if not line.startswith("#"):
            at, data = line.split()
            disk[int(at, 16) : int(at, 16) + 32] = bytes.fromhex(data)
    return disk


@st.composite
def tables(draw: st.DrawFn) -> gpt.Table:
    ends = sorted(draw(st.sets(st.integers(34, SECTORS - 34), min_size=2, max_size=20)))
    entries: list[gpt.Entry | None] = []
    for number, (first, last) in enumerate(zip(ends[::2], ends[1::2], strict=False)):
        name = draw(st.text(st.characters(codec="utf-16-le", exclude_characters="\0"), max_size=18))
        attributes = draw(st.integers(0, 2**64 - 1))
        entries.append(gpt.Entry(TYPE, guid(number + 1), first, last, name, attributes))
        entries += [None] * draw(st.integers(0, 3))
    return gpt.Table(guid(99), SECTORS, tuple(entries))


def test_reads_what_sfdisk_wrote() -> None:
    """A table written by sfdisk reads whole, with names, GUIDs and attributes."""
    reading = read(golden())
    assert reading.healthy
    assert reading.best.disk_id == "11111111-2222-4333-8444-555555555555"
    esp, other = reading.best.entries
    assert esp == gpt.Entry(
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
        "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        2048,
        10239,
        "esp",
    )
    assert other is not None
    assert (other.name, other.attributes, other.sectors) == ("größe", 1 << 60 | 1 << 63, 20480)


def test_writes_byte_for_byte_what_sfdisk_wrote() -> None:
    """Serialising the table that sfdisk wrote gives sfdisk's own bytes, both copies."""
    expected = golden()
    disk = blank(64 * 2048)
    write(disk, read(expected).best)
    assert disk[512:] == expected[512:]


@settings(max_examples=30, deadline=None)
@given(tables())
def test_round_trip(wanted: gpt.Table) -> None:
    """Every table reads back as it was written, from either copy."""
    disk = blank()
    write(disk, wanted)
    reading = read(disk)
    assert (reading.primary, reading.backup, reading.healthy) == (wanted, wanted, True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_tear_leaves_the_old_or_the_new_table(data: st.DataObject) -> None:
    """With any subset of sectors written since the last flush, the old or the new table is read."""
    old = table(entry(1, 2048, 4095), entry(2, 4096, 8191))
    new = table(entry(3, 2048, 4095), entry(2, 4096, 16000, "grown"))
    disk = blank()
    write(disk, old)
    batches = gpt.writes(new)
    torn = data.draw(st.integers(0, len(batches) - 1))
    for batch in batches[:torn]:
        for at, raw in batch:
            disk[at : at + len(raw)] = raw
    sectors = [
        (at + i, raw[i : i + 512]) for at, raw in batches[torn] for i in range(0, len(raw), 512)
    ]
    for at, raw in data.draw(st.lists(st.sampled_from(sectors), unique=True)):
        disk[at : at + 512] = raw
    assert read(disk).best in (old, new)


def test_mends_a_torn_primary_from_the_backup() -> None:
    """A primary copy of zeros is written anew from the backup copy."""
    wanted = table(entry(1, 2048, 4095))
    disk = blank()
    write(disk, wanted)
    disk[512:1024] = bytes(512)
    reading = read(disk)
    assert reading.primary_fault == "has no signature"
    mended = gpt.mended(reading, SECTORS)
    assert mended == wanted
    write(disk, wanted)
    assert gpt.mended(read(disk), SECTORS) is None


def test_backup_follows_a_disk_that_grew() -> None:
    """On a larger disk the backup copy moves to the new end and the usable space grows."""
    disk = blank()
    write(disk, table(entry(1, 2048, 4095)))
    disk += bytes(512 * 1000)
    reading = read(disk)
    assert not reading.healthy
    mended = gpt.mended(reading, SECTORS + 1000)
    assert mended is not None
    assert mended.last_usable == SECTORS + 1000 - 34
    write(disk, mended)
    assert read(disk).healthy


def test_primary_wins_where_copies_differ() -> None:
    """When both copies are whole but differ, the one firmware and kernel used is kept."""
    disk, other = blank(), blank()
    write(disk, table(entry(1, 2048, 4095)))
    write(other, table(entry(2, 2048, 4095)))
    disk[-33 * 512 :] = other[-33 * 512 :]
    reading = read(disk)
    assert reading.backup_fault == "differs from the primary copy"
    assert gpt.mended(reading, SECTORS) == table(entry(1, 2048, 4095))


def test_both_copies_lost_is_an_error_that_names_both() -> None:
    """Without a whole copy the error says what is wrong with each."""
    disk = blank()
    write(disk, table(entry(1, 2048, 4095)))
    disk[1024] ^= 1
    disk[-500] ^= 1
    with pytest.raises(gpt.GptError, match=r"entries with a wrong checksum.*backup copy has"):
        _ = read(disk).best


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ((entry(1, 2048, 4095), entry(2, 4095, 5000)), "overlaps"),
        ((entry(1, 4095, 2048),), "ends before it starts"),
        ((entry(1, 33, 4095),), "overlaps"),
        ((entry(1, 2048, SECTORS - 33),), "past the disk's end"),
        ((entry(1, 2048, 4095), entry(1, 4096, 5000)), "repeats a GUID"),
    ],
)
def test_never_writes_a_table_that_makes_no_sense(
    entries: tuple[gpt.Entry, ...], reason: str
) -> None:
    """Overlaps, repeated GUIDs and partitions outside the disk are refused before any write."""
    with pytest.raises(gpt.GptError, match=reason):
        gpt.writes(table(*entries))


def test_backup_is_flushed_before_the_primary() -> None:
    """The first batch touches only the end of the disk, the second only its start."""
    backup, primary = gpt.writes(table(entry(1, 2048, 4095)))
    assert all(at >= (SECTORS - 33) * 512 for at, _ in backup)
    assert all(at < 34 * 512 for at, _ in primary)


def test_guid_text_is_mixed_endian() -> None:
    """The first three fields of a GUID are stored little-endian."""
    raw = gpt.guid_bytes("01234567-89ab-cdef-0123-456789abcdef")
    assert raw.hex() == "67452301ab89efcd0123456789abcdef"
    assert gpt.guid_text(raw) == "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.skipif(shutil.which("sgdisk") is None, reason="sgdisk is not on this machine")
def test_sgdisk_finds_no_problem(tmp_path: Path) -> None:
    """What we write passes sgdisk's own verification."""
    wanted = table(entry(1, 2048, 4095, "one"), None, entry(2, 8192, 9999, "two"))
    disk = blank()
    disk[:512] = gpt.protective_mbr(wanted)
    write(disk, wanted)
    (tmp_path / "disk").write_bytes(disk)
    said = subprocess.run(["sgdisk", "-v", tmp_path / "disk"], capture_output=True, check=True)
    assert b"No problems found" in said.stdout
