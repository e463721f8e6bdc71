"""Sections of a program of the firmware (PE/COFF): a unified kernel image keeps its parts there.

Source: Microsoft's "PE Format"; UAPI Group, "Unified Kernel Image". Only names, places and sizes
are read.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

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


def parse(data: bytes, size: int | None = None) -> Pe:
    """The sections of DATA; raises PeError. With SIZE, DATA is but the head of a file of SIZE."""
    whole = len(data) if size is None else size
    try:
        start = struct.unpack_from("<I", data, 0x3C)[0]
        if data[:2] != b"MZ" or data[start : start + 4] != b"PE\0\0":
            raise PeError("cannot read the EFI program: it has no PE signature")
        machine, count, _, _, _, optional, _ = struct.unpack_from("<HHIIIHH", data, start + 4)
        table = start + 24 + optional
        found = [_section(data, table + 40 * number, whole) for number in range(count)]
    except struct.error as error:
        raise PeError("cannot read the EFI program: it is cut short") from error
    return Pe(MACHINES.get(machine, f"machine {machine:#x}"), tuple(found))


def _section(data: bytes, at: int, whole: int) -> Section:
    name, memory, _, stored, offset = struct.unpack_from("<8sIIII", data, at)
    if offset + min(memory, stored) > whole:
        raise PeError("cannot read the EFI program: a section reaches past its end")
    return Section(name.rstrip(b"\0").decode("ascii", "replace"), offset, min(memory, stored))
