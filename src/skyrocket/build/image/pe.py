"""Sections of a program of the firmware (PE/COFF): a unified kernel image keeps its parts there.

Source: Microsoft's "PE Format"; UAPI Group, "Unified Kernel Image". Names, places and sizes are
read; the places of large sections in the file can be changed.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

BLOCK = 4096
LARGE = 1 << 16
MACHINES = {0x8664: "x86_64", 0xAA64: "aarch64"}


class PeError(Exception):
    """The bytes are no such program."""


class Section(NamedTuple):
    """OFFSET and SIZE in the file; SIZE is what is meaningful, without padding."""

    name: str
    offset: int
    size: int


class Pe(NamedTuple):
    machine: str
    sections: tuple[Section, ...]

    def content(self, data: bytes, name: str) -> bytes | None:
        """The bytes of section NAME in DATA, or None when there is no such section."""
        for section in self.sections:
            if section.name == name:
                return data[section.offset : section.offset + section.size]
        return None


def parse(data: bytes) -> Pe:
    """The sections of DATA; raises PeError."""
    try:
        start = struct.unpack_from("<I", data, 0x3C)[0]
        if data[:2] != b"MZ" or data[start : start + 4] != b"PE\0\0":
            raise PeError("cannot read the EFI program: it has no PE signature")
        machine, count, _, _, _, optional, _ = struct.unpack_from("<HHIIIHH", data, start + 4)
        table = start + 24 + optional
        found = [_section(data, table + 40 * number) for number in range(count)]
    except struct.error as error:
        raise PeError("cannot read the EFI program: it is cut short") from error
    return Pe(MACHINES.get(machine, f"machine {machine:#x}"), tuple(found))


def aligned(data: bytes) -> bytes:
    """DATA, not signed yet, with large sections at multiples of BLOCK in the file, and its end too.

    A longer word in front of a section then moves none of its blocks, so that an update finds them
    again. In memory nothing moves. What is filled in belongs to the section before: a signature
    covers sections, and a file without gaps.
    """
    table, count = _table(data)
    heads = sorted(range(table, table + 40 * count, 40), key=lambda at: _stored(data, at)[1])
    made, start = bytearray(data[: _stored(data, heads[0])[1]]), 0
    for place, at in enumerate(heads):
        size, offset = _stored(data, at)
        if place and size >= LARGE:
            _fill(made, heads[place - 1])
        start = len(made)
        made += data[offset : offset + size]
        struct.pack_into("<II", made, at + 16, size, start)
    if offset + size != len(data):
        raise PeError("cannot align the EFI program: something follows its last section")
    _fill(made, heads[-1])
    return bytes(made)


def _table(data: bytes) -> tuple[int, int]:
    """Where the section table is, and how many sections it has."""
    parse(data)
    start = struct.unpack_from("<I", data, 0x3C)[0]
    count, optional = struct.unpack_from("<H12xH", data, start + 6)
    return start + 24 + optional, count


def _stored(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Size and place in the file of the section whose head is AT."""
    size, offset = struct.unpack_from("<II", data, at + 16)
    return size, offset


def _fill(made: bytearray, at: int) -> None:
    """Let MADE end with a block; what is added belongs to the section whose head is AT."""
    more = -len(made) % BLOCK
    size, offset = _stored(made, at)
    struct.pack_into("<II", made, at + 16, size + more, offset)
    made += bytes(more)


def _section(data: bytes, at: int) -> Section:
    name, memory, _, stored, offset = struct.unpack_from("<8sIIII", data, at)
    if offset + min(memory, stored) > len(data):
        raise PeError("cannot read the EFI program: a section reaches past its end")
    return Section(name.rstrip(b"\0").decode("ascii", "replace"), offset, min(memory, stored))
