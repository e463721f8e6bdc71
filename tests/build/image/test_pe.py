"""Sections of an EFI program, and where they lie in the file."""

from __future__ import annotations

import random
import struct

import pytest

from skyrocket.build.image import pe
from skyrocket.build.image.pe import BLOCK, LARGE, PeError, Section

KERNEL = random.Random(1).randbytes(LARGE + 700)
INITRD = random.Random(2).randbytes(LARGE)


def program(**sections: bytes) -> bytes:
    """An EFI program as ukify leaves it: sections one after the other, at multiples of 512."""
    heads, bodies, start = b"", b"", 1024
    for name, content in sections.items():
        stored = len(content) + -len(content) % 512
        heads += struct.pack(
            "<8sIIII16x", f".{name}".encode(), len(content), 0x1000, stored, start + len(bodies)
        )
        bodies += content.ljust(stored, b"\0")
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 240, 0)
    return (head + bytes(240) + heads).ljust(1024, b"\0") + bodies


def made(command_line: str) -> bytes:
    words = command_line.encode()
    return pe.aligned(program(text=b"stub" * 999, cmdline=words, linux=KERNEL, initrd=INITRD))


def test_large_sections_begin_at_a_block_and_the_file_ends_with_one() -> None:
    data = made("quiet")
    found = pe.parse(data)
    assert [part.name for part in found.sections] == [".text", ".cmdline", ".linux", ".initrd"]
    assert [part.offset % BLOCK for part in found.sections[2:]] == [0, 0]
    assert len(data) % BLOCK == 0
    assert [found.content(data, name) for name in (".cmdline", ".linux", ".initrd")] == [
        b"quiet", KERNEL, INITRD,
    ]  # fmt: skip


def test_a_longer_word_in_front_moves_no_block() -> None:
    """The control is the program as it was: there everything behind the words has moved."""
    short, long = made("quiet"), made("quiet " * 100)
    same = {short[at : at + BLOCK] for at in range(0, len(short), BLOCK)}
    changed = sum(long[at : at + BLOCK] not in same for at in range(0, len(long), BLOCK))
    assert changed <= 2
    plain = [program(c=words, linux=KERNEL, i=INITRD) for words in (b"quiet", b"quiet" * 150)]
    same = {plain[0][at : at + BLOCK] for at in range(0, len(plain[0]), BLOCK)}
    gone = sum(plain[1][at : at + BLOCK] not in same for at in range(0, len(plain[1]), BLOCK))
    assert gone >= 2 * LARGE // BLOCK


def test_a_file_without_gaps_stays_without_gaps() -> None:
    """A signature covers sections; bytes between them would be a second truth."""
    data = made("quiet")
    start = 0x40 + 24 + 240
    ends = []
    for at in range(start, start + 160, 40):
        size, offset = struct.unpack_from("<II", data, at + 16)
        ends.append((offset, offset + size))
    assert [end for _, end in ends] == [*[begin for begin, _ in ends[1:]], len(data)]


def test_aligning_twice_changes_nothing() -> None:
    assert pe.aligned(made("quiet")) == made("quiet")


def test_a_signed_program_is_refused() -> None:
    with pytest.raises(PeError, match="something follows its last section"):
        pe.aligned(made("quiet") + b"certificate")


def test_a_section_is_as_long_as_what_it_means() -> None:
    data = program(osrel=b"ID=skyrocket\n")
    assert pe.parse(data).sections == (Section(".osrel", 1024, 13),)
