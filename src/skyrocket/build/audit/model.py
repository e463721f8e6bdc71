"""The words of the audit: what a file's content is, and what is wrong with it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Kind = Literal[
    "program",  # an ELF file that the kernel can start
    "library",
    "object",  # relocatable code that is no kernel module
    "module",  # a kernel module
    "efi",  # a program of the firmware: loader, kernel, unified image
    "script",
    "bytecode",
    "archive",  # anything packed, whose content cannot be seen
    "text",
    "data",
]
Part = Literal["root", "initrd", "boot"]


class Mark(msgspec.Struct, frozen=True):
    """A fingerprint that was found: which rule it breaks, what it is, what gave it away."""

    rule: str
    what: str
    evidence: str


class Facts(msgspec.Struct, frozen=True):
    """What one content is. The ELF fields are empty for other files.

    BY_NAME: libraries that are opened by name when they are needed; one of each group will do.
    """

    kind: Kind
    detail: str = ""
    interpreter: str = ""
    needed: tuple[str, ...] = ()
    run_path: tuple[str, ...] = ()
    soname: str = ""
    signed: bool = False
    by_name: tuple[tuple[str, ...], ...] = ()
    marks: tuple[Mark, ...] = ()


class Finding(NamedTuple):
    """One thing that keeps an image from being built, and how to get it through."""

    part: Part
    path: str
    rule: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.part}: /{self.path}: {self.rule}: {self.reason}"
