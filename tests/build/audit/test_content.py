"""What a content is, and whose fingerprints it carries."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from build.audit.crafted import LOADER, elf

from skyrocket.build.audit.content import classify
from skyrocket.build.audit.fingerprints import FINGERPRINTS

POSIX = (
    b"alias bg cd command eval exec export fg getopts hash jobs readonly set shift times trap "
    b"type ulimit umask unalias unset wait"
)


def rules(data: bytes) -> set[str]:
    return {mark.rule for mark in classify(data).marks}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (elf(interpreter=LOADER), "program"),
        (elf(kind=2), "program"),
        (elf(pie=True), "program"),
        (elf(soname="libx.so.1"), "library"),
        (elf(kind=1), "object"),
        (elf(kind=1, texts=(b"vermagic=6.12",)), "module"),
        (b"#!/usr/bin/perl -w\nprint 1", "script"),
        (b"MZ\0\0", "efi"),
        (b"\xfd7zXZ\0\0\0", "archive"),
        (b"070701000", "archive"),
        (b"x" * 257 + b"ustar\0", "archive"),
        (b"\xf3\x0d\x0d\x0a" + bytes(16), "bytecode"),
        (b"\0asm\1\0\0\0", "bytecode"),
        (b"words\n", "text"),
        (b"", "text"),
        (b"a\0b", "data"),
    ],
)
def test_kind(data: bytes, kind: str) -> None:
    """The kind of a file follows from its bytes."""
    assert classify(data).kind == kind


def test_elf_of_another_machine() -> None:
    """A 64-bit program of a machine that is none of ours is named by its number."""
    assert classify(elf(interpreter=LOADER, machine=8)).detail == "foreign machine 8"


def test_elf_of_32_bits() -> None:
    """A 32-bit program is foreign too: it would need a loader that nobody audits."""
    data = bytearray(elf(interpreter=LOADER))
    data[4] = 1
    assert classify(bytes(data)).detail.startswith("foreign")


def test_signature_of_a_module() -> None:
    """A module is signed when the kernel's mark is its very end."""
    module = elf(kind=1, texts=(b"vermagic=6.12",))
    assert not classify(module).signed
    assert classify(module + b"~Module signature appended~\n").signed
    assert not classify(module + b"~Module signature appended~\nmore").signed


def test_shell_by_its_builtins() -> None:
    """The built-in commands of POSIX make a shell, whatever it is called."""
    assert rules(elf(texts=tuple(POSIX.split()))) == {"shell"}


def test_few_builtins_are_no_shell() -> None:
    """A program that happens to hold some of those words is no shell."""
    assert rules(elf(texts=(*tuple(POSIX.split()[:12]), b"unalias"))) == set()


def test_python_that_runs_code() -> None:
    """A library that exports PyRun_* takes code from whoever loads it."""
    marks = classify(elf(soname="libx.so", exports=("PyRun_SimpleString", "PyObject_Call"))).marks
    assert [(mark.rule, mark.evidence) for mark in marks] == [
        ("interpreter", "exports PyRun_SimpleString")
    ]


def test_extension_api_is_allowed() -> None:
    """What extension modules need of a sealed program hands no code over."""
    assert rules(elf(soname="x", exports=("PyObject_Call", "PyImport_ImportModule"))) == set()


def test_python_compiler_without_exports() -> None:
    """A Python linked into a program is found by messages of its compiler."""
    assert rules(elf(kind=2, texts=(b"'return' outside function",))) == {"interpreter"}


@pytest.mark.parametrize("one", FINGERPRINTS, ids=lambda one: one.what)
def test_every_fingerprint_can_match(one) -> None:
    """Each fingerprint is found when all its texts are there, and only its anchors start it."""
    whole = elf(texts=(*one.anchors, *one.texts))
    assert one.rule in rules(whole)
    if one.texts:
        alone = elf(texts=(one.anchors[-1],))
        assert one.what not in {mark.what for mark in classify(alone).marks}


@pytest.mark.parametrize(
    ("program", "rule"),
    [
        ("bash", "shell"),
        ("dash", "shell"),
        ("busybox", "shell"),
        ("perl", "interpreter"),
        ("mawk", "interpreter"),
        ("gawk", "interpreter"),
        ("gcc", "compiler"),
        ("ld", "compiler"),
        ("as", "compiler"),
        ("dpkg", "package-manager"),
    ],
)
def test_programs_of_this_machine(program: str, rule: str) -> None:
    """Real programs are found by content alone: only their bytes are given."""
    path = shutil.which(program, path="/usr/bin:/bin")
    if path is None:
        pytest.skip(f"this machine has no {program}")
    assert rule in rules(Path(path).resolve().read_bytes())


@pytest.mark.parametrize("program", ["true", "mount", "ls", "sed", "cat"])
def test_harmless_programs_of_this_machine(program: str) -> None:
    """Programs that run no code of others carry no fingerprint."""
    path = shutil.which(program, path="/usr/bin:/bin")
    if path is None:
        pytest.skip(f"this machine has no {program}")
    data = Path(path).resolve().read_bytes()
    if b"multi-call" in data:
        pytest.skip(f"{program} is part of a box of commands here")
    assert rules(data) == set()
