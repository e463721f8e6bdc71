"""Read what the composer must know of an ELF file: its loader, its libraries, where it looks.

Source: the System V ABI, chapters 4 and 5. Only the 64-bit little-endian form exists here.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b"\x7fELF\x02\x01"
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 5, 14, 15, 29


class Elf(NamedTuple):
    """What one file asks of others. `interpreter` is empty for libraries and static programs."""

    interpreter: str
    needed: tuple[str, ...]
    run_path: tuple[str, ...]
    soname: str
    dynamic: bool


def parse(data: bytes) -> Elf | None:
    """The ELF facts of a file's content, or None when it is no 64-bit ELF file."""
    if data[:6] != MAGIC:
        return None
    table, size, count = (
        struct.unpack_from("<Q", data, 32)[0],
        *struct.unpack_from("<HH", data, 54),
    )
    segments = [struct.unpack_from("<IIQQQQ", data, table + size * n) for n in range(count)]
    loads = [(s[3], s[2], s[5]) for s in segments if s[0] == PT_LOAD]  # address, offset, bytes
    interpreter = next((_text(data, s[2]) for s in segments if s[0] == PT_INTERP), "")
    dynamic = next((s for s in segments if s[0] == PT_DYNAMIC), None)
    if dynamic is None:
        return Elf(interpreter, (), (), "", dynamic=False)
    tags = [
        struct.unpack_from("<QQ", data, dynamic[2] + at) for at in range(0, dynamic[5] - 15, 16)
    ]
    strings = next((_offset(loads, value) for tag, value in tags if tag == DT_STRTAB), 0)
    paths = [_text(data, strings + v) for t, v in tags if t in (DT_RPATH, DT_RUNPATH)]
    return Elf(
        interpreter,
        tuple(_text(data, strings + v) for t, v in tags if t == DT_NEEDED),
        tuple(part for path in paths for part in path.split(":") if part),
        next((_text(data, strings + v) for t, v in tags if t == DT_SONAME), ""),
        dynamic=True,
    )


def _offset(loads: list[tuple[int, int, int]], address: int) -> int:
    for start, offset, size in loads:
        if start <= address < start + size:
            return offset + address - start
    return 0


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("utf-8", "replace")
