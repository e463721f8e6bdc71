"""The outer form of a .deb file: an ar archive. Standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.fetch.bundle import Span

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"!<arch>\n"
HEADER = 60  # bytes of a member's header


class NotAnArchiveError(Exception):
    """The file is no ar archive, or not a whole one; the text says why."""


def members(file: Path) -> list[tuple[str, Span]]:
    """Names and places of the members of FILE; raises NotAnArchiveError."""
    found: list[tuple[str, Span]] = []
    end = file.stat().st_size
    with file.open("rb") as reader:
        if reader.read(len(MAGIC)) != MAGIC:
            raise NotAnArchiveError("not an ar archive")
        at = len(MAGIC)
        while header := reader.read(HEADER):
            size = header[48:58].strip()
            if len(header) != HEADER or header[58:] != b"`\n" or not size.isdigit():
                raise NotAnArchiveError(f"bad ar header at byte {at}")
            span = Span(at + HEADER, int(size))
            if span.offset + span.size > end:
                raise NotAnArchiveError("it is cut short")
            found.append((header[:16].decode("ascii", "replace").strip().rstrip("/"), span))
            at = span.offset + span.size + span.size % 2
            reader.seek(at)
    return found
