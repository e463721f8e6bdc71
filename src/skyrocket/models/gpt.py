"""GUID partition tables: read, judge, mend and serialise them, as pure functions over bytes.

Source: UEFI specification, chapter 5 ("GUID Partition Table Disk Layout").

Deliberately unknown here: devices, files, and what our partitions mean (see `models.disk`).
The initrd imports this module at every boot, so it stays with what is built in: no dataclasses,
no typing at run time, no codec that would have to be looked up.
"""

from __future__ import annotations

import binascii
import codecs
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SLOTS = 128
ENTRY_BYTES = 128
ENTRIES_BYTES = SLOTS * ENTRY_BYTES
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")
_SIGNATURE = b"EFI PART"
_REVISION = 0x00010000
_EMPTY = bytes(16)


class GptError(Exception):
    """A partition table that cannot be used, and why."""


class Entry:
    """One partition. FIRST and LAST are sectors, both inclusive; TYPE and ID are GUID texts."""

    __slots__ = ("attributes", "first", "id", "last", "name", "type")

    def __init__(
        self, kind: str, ident: str, first: int, last: int, name: str = "", attributes: int = 0
    ) -> None:
        self.type = kind
        self.id = ident
        self.first = first
        self.last = last
        self.name = name
        self.attributes = attributes

    @property
    def sectors(self) -> int:
        return self.last - self.first + 1

    def moved(self, *, ident: str | None = None, last: int | None = None) -> Entry:
        """The same partition under another GUID or with another end."""
        return Entry(
            self.type,
            self.id if ident is None else ident,
            self.first,
            self.last if last is None else last,
            self.name,
            self.attributes,
        )

    def marked(self, attributes: int) -> Entry:
        """The same partition with other attributes."""
        return Entry(self.type, self.id, self.first, self.last, self.name, attributes)

    def _key(self) -> tuple[object, ...]:
        return (self.type, self.id, self.first, self.last, self.name, self.attributes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Entry{self._key()!r}"


class Table:
    """A whole table. ENTRIES in slot order (slot 0 is partition 1), None where a slot is free."""

    __slots__ = ("disk_id", "entries", "sector", "sectors")

    def __init__(
        self, disk_id: str, sectors: int, entries: tuple[Entry | None, ...], sector: int = 512
    ) -> None:
        self.disk_id = disk_id
        self.sectors = sectors
        self.entries = _trimmed(entries)
        self.sector = sector

    @property
    def entry_sectors(self) -> int:
        return ENTRIES_BYTES // self.sector

    @property
    def first_usable(self) -> int:
        return 2 + self.entry_sectors

    @property
    def last_usable(self) -> int:
        return self.sectors - 2 - self.entry_sectors

    def resized(self, sectors: int) -> Table:
        """The same partitions on a disk of SECTORS."""
        return Table(self.disk_id, sectors, self.entries, self.sector)

    def replaced(self, slot: int, entry: Entry | None) -> Table:
        """The same table with ENTRY in SLOT."""
        slots = list(self.entries) + [None] * (slot + 1 - len(self.entries))
        slots[slot] = entry
        return Table(self.disk_id, self.sectors, tuple(slots), self.sector)

    def renamed(self, disk_id: str) -> Table:
        """The same table under another disk GUID."""
        return Table(disk_id, self.sectors, self.entries, self.sector)

    def _key(self) -> tuple[object, ...]:
        return (self.disk_id, self.sectors, self.entries, self.sector)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Table{self._key()!r}"


class Reading:
    """What a disk says: either copy of the table, or why that copy cannot be used."""

    __slots__ = ("backup", "backup_fault", "primary", "primary_fault")

    def __init__(
        self,
        primary: Table | None,
        backup: Table | None,
        primary_fault: str = "",
        backup_fault: str = "",
    ) -> None:
        self.primary = primary
        self.backup = backup
        self.primary_fault = primary_fault
        self.backup_fault = backup_fault

    @property
    def best(self) -> Table:
        """The copy to trust: the primary when it is whole, as firmware and kernel do."""
        table = self.primary or self.backup
        if table is None:
            raise GptError(
                f"cannot read the partition table: primary copy {self.primary_fault}, "
                f"backup copy {self.backup_fault}"
            )
        return table

    @property
    def healthy(self) -> bool:
        return not self.primary_fault and not self.backup_fault


def read(read_at: Callable[[int, int], bytes], sectors: int, sector: int = 512) -> Reading:
    """Read both copies with READ_AT(offset, length) from a disk of SECTORS sectors."""
    primary, primary_fault, backup_at = _copy(read_at, 1, sectors, sector)
    backup, backup_fault, _ = _copy(read_at, sectors - 1, sectors, sector)
    if backup is None and primary is not None and backup_at != sectors - 1:
        backup_fault = "is not at the end of the disk (the disk changed its size)"
    if primary and backup and primary != backup:
        backup_fault = "differs from the primary copy"
    return Reading(primary, backup, primary_fault, backup_fault)


def mended(reading: Reading, sectors: int) -> Table | None:
    """The table to write so that both copies are whole, or None when they are."""
    if reading.healthy:
        return None
    table = reading.best.resized(sectors)
    check(table)
    return table


def check(table: Table) -> None:
    """Raise GptError when partitions overlap, repeat a GUID or leave the usable sectors."""
    seen: set[str] = set()
    end = table.first_usable - 1
    for entry in sorted((e for e in table.entries if e), key=lambda e: e.first):
        where = f"partition {entry.name or entry.id}"
        if entry.first > entry.last:
            raise GptError(f"cannot use the partition table: {where} ends before it starts")
        if entry.first <= end:
            raise GptError(f"cannot use the partition table: {where} overlaps what is before it")
        if entry.last > table.last_usable:
            raise GptError(f"cannot use the partition table: {where} reaches past the disk's end")
        if entry.id in seen:
            raise GptError(f"cannot use the partition table: {where} repeats a GUID")
        seen.add(entry.id)
        end = entry.last


def writes(table: Table) -> tuple[tuple[tuple[int, bytes], ...], ...]:
    """Batches of (offset, bytes) to write in this order, with a flush after each batch.

    The backup copy comes first: at every moment between the flushes one copy is whole.
    """
    check(table)
    entries = _pack_entries(table)
    crc = binascii.crc32(entries)
    last = table.sectors - 1
    backup_entries = last - table.entry_sectors
    backup = (
        (backup_entries * table.sector, entries),
        (last * table.sector, _pack_header(table, last, 1, backup_entries, crc)),
    )
    primary = (
        (2 * table.sector, entries),
        (table.sector, _pack_header(table, 1, last, 2, crc)),
    )
    return (backup, primary)


def protective_mbr(table: Table) -> bytes:
    """Sector 0: one partition of type EE over the whole disk, for programs that know no GPT."""
    size = min(table.sectors - 1, 0xFFFFFFFF)
    record = struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1, size)
    return (bytes(446) + record + bytes(48) + b"\x55\xaa").ljust(table.sector, b"\0")


def guid_text(raw: bytes) -> str:
    """A GUID as written on disk (first three fields little-endian) -> its lower-case text."""
    fields = (raw[3::-1], raw[5:3:-1], raw[7:5:-1], raw[8:10], raw[10:16])
    return "-".join(field.hex() for field in fields)


def guid_bytes(text: str) -> bytes:
    """The text of a GUID -> its 16 bytes as written on disk."""
    raw = bytes.fromhex(text.replace("-", ""))
    if len(raw) != 16:
        raise GptError(f"cannot use the GUID {text!r}: it has not 32 hexadecimal digits")
    return raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:16]


def random_guid(random: bytes) -> str:
    """A version 4 GUID made of 16 random bytes."""
    raw = bytearray(random)
    raw[7] = raw[7] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return guid_text(bytes(raw))


def _trimmed(entries: tuple[Entry | None, ...]) -> tuple[Entry | None, ...]:
    end = len(entries)
    while end and entries[end - 1] is None:
        end -= 1
    if end > SLOTS:
        raise GptError(f"cannot hold {end} partitions: the table has {SLOTS} slots")
    return entries[:end]


def _copy(
    read_at: Callable[[int, int], bytes], at: int, sectors: int, sector: int
) -> tuple[Table | None, str, int]:
    """Read the copy whose header is sector AT -> (table, fault, where the other copy should be)."""
    raw = read_at(at * sector, sector)
    if fault := _header_fault(raw, at, sectors, sector):
        return None, fault, 0
    fields = _HEADER.unpack_from(raw)
    other, disk_id, entries_at, entries_crc = fields[6], fields[9], fields[10], fields[13]
    entries = read_at(entries_at * sector, ENTRIES_BYTES)
    if entries_crc != binascii.crc32(entries):
        return None, "has entries with a wrong checksum", other
    fault = "" if at != 1 or other == sectors - 1 else "does not know the disk's end"
    table = Table(guid_text(disk_id), sectors, _parse_entries(entries), sector)
    return table, fault, other


def _header_fault(raw: bytes, at: int, sectors: int, sector: int) -> str:
    """What is wrong with the header in sector AT, "" for nothing."""
    if len(raw) < _HEADER.size or not raw.startswith(_SIGNATURE):
        return "has no signature"
    fields = _HEADER.unpack_from(raw)
    revision, size, crc, my_lba = fields[1], fields[2], fields[3], fields[5]
    first_usable, last_usable, entries_at = fields[7], fields[8], fields[10]
    faults = (
        (
            revision != _REVISION or not _HEADER.size <= size <= sector,
            "has an unknown header",
        ),
        (
            crc != binascii.crc32(raw[:16] + bytes(4) + raw[20:size]),
            "has a header with a wrong checksum",
        ),
        (my_lba != at, "was written for another place"),
        (fields[11:13] != (SLOTS, ENTRY_BYTES), "has an unusual number of entries"),
        (
            not 2 <= entries_at < sectors or last_usable >= sectors or first_usable > last_usable,
            "points outside the disk",
        ),
    )
    return next((fault for wrong, fault in faults if wrong), "")


def _parse_entries(raw: bytes) -> tuple[Entry | None, ...]:
    found: list[Entry | None] = []
    for kind, ident, first, last, attributes, name in _ENTRY.iter_unpack(raw):
        if kind == _EMPTY:
            found.append(None)
            continue
        text = codecs.utf_16_le_decode(name, "replace")[0].split("\0", 1)[0]
        found.append(Entry(guid_text(kind), guid_text(ident), first, last, text, attributes))
    return tuple(found)


def _pack_entries(table: Table) -> bytes:
    packed = b"".join(
        bytes(ENTRY_BYTES) if entry is None else _pack_entry(entry) for entry in table.entries
    )
    return packed.ljust(ENTRIES_BYTES, b"\0")


def _pack_entry(entry: Entry) -> bytes:
    name = codecs.utf_16_le_encode(entry.name)[0]
    if len(name) > 72:
        raise GptError(f"cannot name a partition {entry.name!r}: more than 36 UTF-16 units")
    kind, ident = guid_bytes(entry.type), guid_bytes(entry.id)
    return _ENTRY.pack(kind, ident, entry.first, entry.last, entry.attributes, name)


def _pack_header(table: Table, at: int, other: int, entries_at: int, crc: int) -> bytes:
    def packed(header_crc: int) -> bytes:
        return _HEADER.pack(
            _SIGNATURE, _REVISION, _HEADER.size, header_crc, 0, at, other, table.first_usable,
            table.last_usable, guid_bytes(table.disk_id), entries_at, SLOTS, ENTRY_BYTES, crc,
        )  # fmt: skip

    return packed(binascii.crc32(packed(0))).ljust(table.sector, b"\0")
