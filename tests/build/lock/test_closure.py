"""A set's programs find their libraries, and one that does not is named."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from skyrocket.build import lock as room
from skyrocket.build.lock import closure
from skyrocket.build.lock.deb import Member, Unpacked
from skyrocket.fetch import sources

if TYPE_CHECKING:
    from pathlib import Path


def elf_file(*needed: str) -> bytes:
    """The smallest ELF file that names libraries: one loaded segment, one dynamic table."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    at = 64 + 2 * 56
    offsets = [strings.index(b"\0" + name.encode() + b"\0") + 1 for name in needed]
    table = [(1, offset) for offset in offsets] + [(5, at), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *row) for row in table)
    size = at + len(strings) + len(dynamic)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    where = at + len(strings)
    dyn = struct.pack("<IIQQQQQQ", 2, 6, where, where, where, len(dynamic), len(dynamic), 8)
    return header + load + dyn + strings + dynamic


def unpacked(folder: Path, **files: bytes | str) -> Unpacked:
    members = []
    for name, content in files.items():
        path = name.replace("__", "/").replace("_so", ".so")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            target.symlink_to(content)
            members.append(Member(path, "symlink", 0o777, 0, 0, 0, 0, content))
        else:
            target.write_bytes(content)
            members.append(Member(path, "file", 0o755, 0, 0, len(content), 0))
    return Unpacked(folder, members)


def test_libraries_are_followed_through_links_and_packages(tmp_path: Path) -> None:
    """A program, a link to a library in another package, and what that library needs."""
    program = unpacked(tmp_path / "1", usr__bin__tool=elf_file("liba_so".replace("_so", ".so")))
    library = unpacked(
        tmp_path / "2", lib__liba_so="liba.so.1", lib__liba_so_so=b"", usr__lib__x=b"#!/bin/sh\n"
    )
    assert closure.missing([program, library], ["/usr/bin/tool"]) == []


def test_a_missing_library_is_named_with_its_program(tmp_path: Path) -> None:
    """The line says which program, which library, and which file asks for it."""
    package = unpacked(
        tmp_path,
        usr__bin__tool=elf_file("liba.so"),
        usr__lib__liba_so=elf_file("libgone.so"),
        usr__bin__other=elf_file("libelse.so"),
    )
    assert closure.missing([package], ["/usr/bin/t*", "/usr/bin/absent"]) == [
        "/usr/bin/absent is in no package",
        "/usr/bin/tool needs libgone.so (by /usr/lib/liba.so), which is in no package",
    ]


@pytest.mark.image
def test_the_programs_of_the_committed_lock() -> None:
    """Everything that packages/sources.toml names starts with what the lock holds."""
    lock = room.read()
    for name, programs in sources.defaults().programs.items():
        found = room.unpack_all(room.fetch(lock, name, "amd64"))
        assert closure.missing(found, programs) == []
