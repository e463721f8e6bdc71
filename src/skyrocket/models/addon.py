"""An addon of a kernel image: an EFI program that only carries words for the command line.

The stub of the kernel image looks into the folder `<image without counter>.extra.d` for
`*.addon.efi`, has firmware load each (which checks signatures, if it checks any), and takes two of
its sections: `.cmdline`, and `.initrd`, an archive that tells our initrd the same words. Nobody
ever runs it; if somebody does, it says that it is unsupported.

Sources: Microsoft, "PE Format"; systemd-stub(7). Standard library only, and pure: bytes in, bytes
out. What the words mean is not known here.
"""

from __future__ import annotations

import struct

from skyrocket.models import command_line, cpio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "settings"
SUFFIX = ".addon.efi"
LARGEST = 64 * 1024

# Machine, and "return EFI_UNSUPPORTED" in its language.
_MACHINES = {
    "x86_64": (0x8664, bytes.fromhex("48b80300000000000080c3")),
    "aarch64": (0xAA64, bytes.fromhex("600080d20000f0f2c0035fd6")),
}
_START, _OPTIONAL, _ROW = 0x40, 240, 40
_FILE_UNIT, _MEMORY_UNIT = 0x200, 0x1000
_CODE, _DATA = 0x60000020, 0x40000040  # what a section is: read and run, or read


class AddonError(Exception):
    """The bytes are no addon."""


def folder_of(image: str) -> str:
    """The folder with the addons of the kernel IMAGE, a path whose name has no counter."""
    return f"{image}.extra.d"


def compose(words: Sequence[str], machine: str = "x86_64", name: str = NAME) -> bytes:
    """The addon that adds WORDS; the same words make the same bytes."""
    text = " ".join(words).encode("ascii")
    number, code = _MACHINES[machine]
    sections = ((b".text", code, _CODE), (b".cmdline", text, _DATA),
                (b".initrd", _initrd(name, text), _DATA))  # fmt: skip
    headers = _up(_START + 24 + _OPTIONAL + _ROW * len(sections), _FILE_UNIT)
    table, body, at, place = b"", b"", headers, _MEMORY_UNIT
    for title, content, kind in sections:
        size = _up(len(content), _FILE_UNIT)
        table += struct.pack("<8sIIII12xI", title, len(content), place, size, at, kind)
        body += content.ljust(size, b"\0")
        at, place = at + size, place + _up(len(content), _MEMORY_UNIT)
    head = _dos() + _coff(number, len(sections)) + _optional(headers, place)
    return (head + table).ljust(headers, b"\0") + body


def words_of(data: bytes) -> list[str]:
    """The words that the addon DATA adds; raise AddonError."""
    try:
        start = struct.unpack_from("<I", data, 0x3C)[0]
        count, optional = struct.unpack_from("<H12xH", data, start + 6)
        if data[:2] != b"MZ" or data[start : start + 4] != b"PE\0\0":
            raise AddonError("it is no EFI program")
        for number in range(count):
            row = start + 24 + optional + _ROW * number
            title, used, _, stored, at = struct.unpack_from("<8sIIII", data, row)
            if title.rstrip(b"\0") == b".cmdline" and at + stored <= len(data):
                return data[at : at + min(used, stored)].decode("ascii").split()
    except (struct.error, UnicodeDecodeError) as error:
        raise AddonError(f"it cannot be read: {error}") from error
    raise AddonError("it has no whole section .cmdline")


def _initrd(name: str, text: bytes) -> bytes:
    """What tells our initrd that somebody put these words there (`host.initrd.trust`)."""
    path = f"{command_line.ADDITIONS}/{name}"
    return b"".join((
        cpio.record(command_line.FOLDER, cpio.FOLDER | 0o755, b"", 1),
        cpio.record(command_line.ADDITIONS, cpio.FOLDER | 0o755, b"", 2),
        cpio.record(path, cpio.FILE | 0o444, text + b"\n", 3),
        cpio.end(),
    ))  # fmt: skip


def _dos() -> bytes:
    return b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", _START)


def _coff(machine: int, sections: int) -> bytes:
    """No symbols, no time; it can be put anywhere, as it refers to no place."""
    return b"PE\0\0" + struct.pack("<HHIIIHH", machine, sections, 0, 0, 0, _OPTIONAL, 0x022E)


def _optional(headers: int, size: int) -> bytes:
    """PE32+: an application of the firmware; its memory is never written and run at once."""
    return struct.pack(
        "<HBBIIIII QIIHHHHHHIIIIHH QQQQII".replace(" ", ""),
        0x20B, 0, 0, _FILE_UNIT, 0, 0, _MEMORY_UNIT, _MEMORY_UNIT,
        0x10000000, _MEMORY_UNIT, _FILE_UNIT, 0, 0, 1, 0, 1, 1, 0, size, headers, 0, 10, 0x160,
        0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    ).ljust(_OPTIONAL, b"\0")  # fmt: skip


def _up(size: int, unit: int) -> int:
    return -(-size // unit) * unit
