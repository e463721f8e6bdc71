"""What a file is, by its bytes alone: no name and no mode takes part.

Source of the ELF numbers: System V ABI, chapters 4 and 5.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import msgspec

from skyrocket.build.audit import fingerprints
from skyrocket.build.audit.model import Facts
from skyrocket.build.image import elf

if TYPE_CHECKING:
    from collections.abc import Iterator

ELF_MAGIC = b"\x7fELF"
MACHINES = {62: "x86_64", 183: "aarch64"}
ET_REL, ET_EXEC = 1, 2
SHT_SYMTAB, SHT_DYNSYM = 2, 11
DT_FLAGS_1, DF_1_PIE = 0x6FFFFFFB, 0x08000000
DLOPEN = b'[{"feature":'
MODULE_SIGNED = b"~Module signature appended~\n"

ARCHIVES = {
    b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4", b"PK\x03\x04": "zip", b"7z\xbc\xaf\x27\x1c": "7-zip",
    b"!<arch>\n": "ar", b"070701": "cpio", b"070702": "cpio", b"hsqs": "squashfs",
    b"\xed\xab\xee\xdb": "rpm",
}  # fmt: skip
TAR_MAGIC, TAR_AT = b"ustar", 257
EROFS_MAGIC, EROFS_AT = b"\xe2\xe1\xf5\xe0", 1024
EXT_MAGIC, EXT_AT = b"\x53\xef", 1080


class _Dlopen(msgspec.Struct, frozen=True):
    """One entry of such a note; a missing priority means recommended."""

    soname: tuple[str, ...] = ()
    priority: str = "recommended"


def classify(data: bytes) -> Facts:
    """What DATA is, and which fingerprints it carries."""
    if data.startswith(ELF_MAGIC):
        try:
            return _elf(data)
        except (struct.error, ValueError, IndexError):
            return Facts("program", detail="a broken ELF file", marks=fingerprints.marks(data))
    if data.startswith(b"#!"):
        line = data[2:].partition(b"\n")[0].strip().decode("utf-8", "replace")
        return Facts("script", detail=line[:80])
    if data.startswith(b"MZ"):
        return Facts("efi")
    return _other(data)


def _other(data: bytes) -> Facts:
    if (packed := _archive(data)) is not None:
        return Facts("archive", detail=packed)
    # Python marks its byte code files with two bytes of version and CR LF.
    if len(data) > 16 and data[2:4] == b"\r\n" and data[0] > 0x7F:
        return Facts("bytecode", detail="Python")
    if data.startswith((b"\0asm", b"\xca\xfe\xba\xbe", b"\x1bLua", b"BC\xc0\xde")):
        return Facts("bytecode", detail="WebAssembly, Java, Lua or LLVM")
    return Facts("data" if b"\0" in data[:4096] else "text", detail=_secret(data))


def _archive(data: bytes) -> str | None:
    for magic, name in ARCHIVES.items():
        if data.startswith(magic):
            return name
    for magic, at, name in (
        (TAR_MAGIC, TAR_AT, "tar"),
        (EROFS_MAGIC, EROFS_AT, "erofs"),
        (EXT_MAGIC, EXT_AT, "ext file system"),
    ):
        if data[at : at + len(magic)] == magic:
            return name
    return None


def _secret(data: bytes) -> str:
    return "private key" if b"PRIVATE KEY-----" in data else ""


def _elf(data: bytes) -> Facts:
    facts = elf.parse(data)
    kind, machine = struct.unpack_from("<HH", data, 16)
    if facts is None or machine not in MACHINES:
        return Facts("program", detail=f"foreign machine {machine}", marks=fingerprints.marks(data))
    name = MACHINES[machine]
    if kind == ET_REL:
        if b"vermagic=" in data:
            return Facts("module", name, signed=data.endswith(MODULE_SIGNED))
        return Facts("object", name)
    found = list(fingerprints.marks(data))
    door = fingerprints.python_doors(frozenset(_exported(data)))
    started = bool(facts.interpreter) or kind == ET_EXEC or (not facts.soname and _pie(data))
    return Facts(
        "program" if started else "library",
        name,
        facts.interpreter,
        facts.needed,
        facts.run_path,
        facts.soname,
        by_name=tuple(_opened_by_name(data)),
        marks=(*found, *([door] if door else [])),
    )


def _opened_by_name(data: bytes) -> Iterator[tuple[str, ...]]:
    """What a `.note.dlopen` asks for, but for mere suggestions.

    Source: UAPI Group, "ELF Package Metadata", part "dlopen() Metadata".
    """
    at = data.find(DLOPEN)
    while at >= 0:
        text = data[at : data.index(b"\0", at)]
        try:
            rows = msgspec.json.decode(text, type=list[_Dlopen])
        except msgspec.DecodeError:
            rows = []
        yield from (row.soname for row in rows if row.priority != "suggested")
        at = data.find(DLOPEN, at + len(text))


def _pie(data: bytes) -> bool:
    """Whether the dynamic section says that this shared object is a program."""
    table = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        kind, _, at, _, _, length, _, _ = struct.unpack_from(
            "<IIQQQQQQ", data, table + size * number
        )
        if kind == elf.PT_DYNAMIC:
            for tag, value in struct.iter_unpack("<QQ", data[at : at + length // 16 * 16]):
                if tag == DT_FLAGS_1:
                    return bool(value & DF_1_PIE)
    return False


def _exported(data: bytes) -> Iterator[str]:
    """Names of the functions that a file defines for others (dynamic and full symbol table)."""
    table = struct.unpack_from("<Q", data, 40)[0]
    size, count = struct.unpack_from("<HH", data, 58)
    if not table or table + size * count > len(data):
        return
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + size * n) for n in range(count)]
    for _, kind, _, _, at, length, link, _, _, _ in sections:
        if kind not in (SHT_DYNSYM, SHT_SYMTAB) or link >= count:
            continue
        strings = sections[link][4]
        for name, info, _, section, _, _ in struct.iter_unpack(
            "<IBBHQQ", data[at : at + length // 24 * 24]
        ):
            # Global or weak, and defined here.
            if name and section and info >> 4 in (1, 2) and data[strings + name] == ord("P"):
                end = data.index(b"\0", strings + name)
                yield data[strings + name : end].decode("ascii", "replace")
