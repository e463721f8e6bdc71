"""The boot partition and the unified kernel image."""

from __future__ import annotations

import struct

import pytest
from build.audit.crafted import file

from skyrocket.build.audit import Expected, Image
from skyrocket.build.audit.content import classify
from skyrocket.build.audit.rules import boot
from skyrocket.models import pe

LINE = b"quiet lockdown=integrity module.sig_enforce=1 systemd.import_credentials=no roothash=ab"
WANTED = Expected(b"KERNEL", b"INITRD", LINE)


def unified(**sections: bytes) -> bytes:
    """A firmware program with the sections `.NAME`."""
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 0, 0)
    at = len(head) + 40 * len(sections)
    table, body = b"", b""
    for name, data in sections.items():
        table += struct.pack(
            "<8sIIII", f".{name}".encode(), len(data), 0, len(data), at + len(body)
        )
        table += bytes(16)
        body += data
    return head + table + body


GOOD = unified(linux=b"KERNEL", initrd=b"INITRD", cmdline=LINE + b"\0", osrel=b"ID=x\n")


def image(*entries) -> Image:
    return Image("boot", entries, lambda entry: classify(entry.read()))


def reasons(data: bytes) -> list[str]:
    return [one.reason for one in boot.unified(image(file("EFI/Linux/a.efi", data)), WANTED)]


def test_sections() -> None:
    """Sections are found by name, without their padding."""
    found = pe.parse(GOOD)
    assert found.machine == "x86_64"
    assert found.content(GOOD, ".initrd") == b"INITRD"
    assert found.content(GOOD, ".absent") is None


@pytest.mark.parametrize("data", [b"", b"MZ", b"\x7fELF" + bytes(80), GOOD[:120], GOOD[:-20]])
def test_no_firmware_program(data: bytes) -> None:
    """What is no firmware program, or cut short, is an error and no crash."""
    with pytest.raises(pe.PeError, match="cannot read the EFI program"):
        pe.parse(data)


def test_good_image_passes() -> None:
    """The kernel, initrd and command line of this build, and no more."""
    assert reasons(GOOD) == []


@pytest.mark.parametrize("part", ["linux", "initrd", "cmdline"])
def test_other_part(part: str) -> None:
    """A part that is not the one of this build is named."""
    sections = {"linux": b"KERNEL", "initrd": b"INITRD", "cmdline": LINE, part: b"OTHER"}
    assert reasons(unified(**sections)) == [f"its .{part} is not the one of this build"]


def test_second_initrd_in_another_section() -> None:
    """A section that the build does not know could change what boots."""
    data = unified(linux=b"KERNEL", initrd=b"INITRD", cmdline=LINE, dtb=b"x")
    assert reasons(data) == ["has a section .dtb"]


def test_no_unified_image() -> None:
    """A boot partition without a kernel image is a finding."""
    assert reasons(unified(text=b"loader")) == ["there is no unified kernel image"]


def test_foreign_file_in_the_boot_partition() -> None:
    """Only firmware programs and texts belong there."""
    found = boot.only_boot_files(image(file("a", b"\x1f\x8b"), file("b", b"MZ"), file("c", b"t")))
    assert [one.path for one in found] == ["a"]


@pytest.mark.parametrize(
    "word", ["init=/x", "rd.break", "systemd.debug_shell", "single", "systemd.unit=x.target", "rw"]
)
def test_arguments_that_start_something_else(word: str) -> None:
    """Arguments that would start a shell, a rescue or another init are refused."""
    found = list(boot.command_line(image(), f"{LINE.decode()} {word}"))
    assert [one.rule for one in found] == ["command-line"]
    assert word in found[0].reason


def test_arguments_that_must_be_there() -> None:
    """What protects the node cannot be forgotten."""
    assert len(list(boot.command_line(image(), "quiet"))) == 4
    assert list(boot.command_line(image(), LINE.decode())) == []
