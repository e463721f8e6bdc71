"""Large files with holes: given another name, or copied without filling the holes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PIECE = 1 << 24


def keep(source: Path, target: Path) -> None:
    """TARGET has the bytes of SOURCE, and keeps them when SOURCE is replaced by another file."""
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        copy(source, target, source.stat().st_size)


def copy(source: Path, target: Path, size: int) -> None:
    """TARGET has SIZE bytes: those of SOURCE, and holes where it has some or ends."""
    with source.open("rb") as file, target.open("wb") as fresh:
        fresh.truncate(size)
        end, at = os.fstat(file.fileno()).st_size, 0
        while at < end:
            try:
                start = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but a hole is left
                return
            at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            _stretch(file.fileno(), fresh.fileno(), start, at)


def _stretch(source: int, target: int, start: int, stop: int) -> None:
    os.lseek(source, start, os.SEEK_SET)
    os.lseek(target, start, os.SEEK_SET)
    while start < stop:
        start += os.sendfile(target, source, None, min(stop - start, PIECE))
