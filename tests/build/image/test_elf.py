"""What the composer must know of an ELF file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from build.audit.crafted import LOADER, elf

from skyrocket.build.image.elf import parse


def test_program() -> None:
    """Loader and libraries, in their order."""
    facts = parse(elf(interpreter=LOADER, needed=("libb.so", "liba.so")))
    assert facts is not None
    assert facts.interpreter == LOADER
    assert facts.needed == ("libb.so", "liba.so")
    assert facts.dynamic


def test_library() -> None:
    """A library's own name."""
    facts = parse(elf(soname="libx.so.1", needed=("libc.so.6",)))
    assert facts is not None
    assert (facts.soname, facts.interpreter) == ("libx.so.1", "")


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"#!/bin/sh", b"\x7fELF\x01\x01" + bytes(60)])
def test_other_files(data: bytes) -> None:
    """What is no 64-bit little-endian ELF file has no facts."""
    assert parse(data) is None


def test_program_of_this_machine() -> None:
    """A real program names its loader and the C library."""
    path = shutil.which("ls", path="/usr/bin:/bin")
    if path is None:
        pytest.skip("this machine has no ls")
    facts = parse(Path(path).resolve().read_bytes())
    assert facts is not None
    assert "libc.so.6" in facts.needed
    assert facts.interpreter.startswith("/lib")
