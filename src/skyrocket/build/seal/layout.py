"""The bundle's format: from reports of what was compiled to one index and one assembler file.

Offsets in a report count from the start of its own blob; parts lie one after the other, the most
stable first, so that a change of ours moves nothing that lies before it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAGIC = 0x31594B53
PAGE = 4096
SECTION_ADDRESS = 0x4000000
"""Above everything else in memory, and so in the file: no other part moves when we change."""


class Report(msgspec.Struct, frozen=True):
    """What `freeze.py` found and made; see there."""

    modules: list[tuple[str, int, int, bool]]
    snippets: list[tuple[str, int, int]]
    extensions: dict[str, str]
    builtins: list[str]
    missing: list[str]
    failed: dict[str, str]
    texts: list[str]


class Part(msgspec.Struct, frozen=True):
    """A compiled part of the bundle in a folder of the cache: `blob` and `report.json`."""

    folder: Path
    report: Report
    size: int


def read_part(folder: Path) -> Part:
    """Read a folder that `freeze.py` filled."""
    report = msgspec.json.decode((folder / "report.json").read_bytes(), type=Report)
    return Part(folder, report, (folder / "blob").stat().st_size)


def index(parts: Sequence[Part]) -> bytes:
    """Head, modules, snippets (sorted by key), names: the structs of `sealed.h`."""
    names, records = bytearray(), bytearray()
    snippets: dict[str, tuple[int, int]] = {}
    count, start = 0, 0
    for part in parts:
        for name, offset, size, package in part.report.modules:
            records += struct.pack("<4I", len(names), start + offset, size, package)
            names += name.encode() + b"\0"
            count += 1
        for key, offset, size in part.report.snippets:
            snippets.setdefault(key, (start + offset, size))
        start += _aligned(part.size)
    for key in sorted(snippets):
        records += bytes.fromhex(key) + struct.pack("<2I", *snippets[key])
    head = struct.pack("<4I", MAGIC, count, len(snippets), len(names))
    return head + bytes(records) + bytes(names)


def assembler(blobs: Sequence[str], index_file: str) -> str:
    """The assembler file that takes the parts in, each at the start of a page."""
    lines = ['.section .sealed,"a",@progbits', ".globl sealed_blob, sealed_index, sealed_end"]
    lines += [f".balign {PAGE}", "sealed_blob:"]
    for blob in blobs:
        lines += [f".balign {PAGE}", f'.incbin "{blob}"']
    lines += [".balign 16", "sealed_index:", f'.incbin "{index_file}"', "sealed_end:"]
    lines += ['.section .note.GNU-stack,"",@progbits', ""]
    return "\n".join(lines)


def _aligned(size: int) -> int:
    return -(-size // PAGE) * PAGE
