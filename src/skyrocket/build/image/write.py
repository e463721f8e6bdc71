"""Write an image onto a disk, sparsely, and read it back.

`plan` decides from facts and gives every reason against at once; `write` does it. The partition
table comes last, so that a disk whose writing was cut off does not boot into half an image; its
backup copy goes to the end of the disk, wherever that is.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import IO, TYPE_CHECKING, NamedTuple

from skyrocket.build.image import target as targets
from skyrocket.build.image.errors import ImageError
from skyrocket.build.image.inspect import Disk, opened
from skyrocket.models import disk, gpt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skyrocket.build.image.target import Target
    from skyrocket.models.gpt import Table
    from skyrocket.models.progress import Reporter

CHUNK = 4 << 20
_ZEROS = bytes(CHUNK)
BLKZEROOUT, BLKFLSBUF, BLKRRPART = 0x127F, 0x1261, 0x125F
HINT = "lsblk shows the disks of this machine and what uses them"


class WriteError(ImageError):
    """The disk must not or could not be written."""


class Plan(NamedTuple):
    """Write IMAGE's bytes from FIRST to END, then TABLE, onto TARGET; not when REFUSALS say why."""

    image: Path
    target: Target
    first: int
    end: int
    table: Table | None
    refusals: tuple[str, ...]


def plan(image: Path, target: Target) -> Plan:
    """Decide; reads the image's partition table and nothing of the target."""
    with opened(image) as source:
        table = gpt.read(source.read_at, source.size // disk.SECTOR).best
    end = (max(entry.last for entry in table.entries if entry) + 1) * disk.SECTOR
    needed = end + (table.entry_sectors + 1) * disk.SECTOR
    refusals = tuple(_refusals(target, needed))
    resized = None if refusals else table.resized(target.size // disk.SECTOR)
    return Plan(image, target, disk.MIB, end, resized, refusals)


def write(image: Path, device: Path, report: Reporter) -> Plan:
    """Write IMAGE onto DEVICE and prove it by reading; raises WriteError.

    The caller has asked the user: everything on DEVICE is lost.
    """
    try:
        decided = plan(image, targets.look(device))
        if decided.table is None:
            raise WriteError(f"cannot write {device}: {'; '.join(decided.refusals)}", HINT)
        flags = os.O_RDWR | (os.O_EXCL if decided.target.block else 0)
        with opened(image) as source, os.fdopen(os.open(device, flags), "r+b", 0) as file:
            _copy(decided, source, file, report)
            _table(decided.table, file, decided.target)
            _compare(decided, source, file, report)
    except OSError as error:
        raise WriteError(f"cannot write {device}: {error.strerror}", HINT) from error
    except gpt.GptError as error:
        raise WriteError(f"cannot write {device}: {error}") from error
    return decided


def _refusals(target: Target, needed: int) -> Iterator[str]:
    if target.partition:
        yield "it is a partition, not a whole disk"
    if target.system:
        yield "this machine runs from it"
    if target.mounted:
        yield f"it is mounted on {', '.join(target.mounted)}"
    if target.held:
        yield f"it is in use: {', '.join(target.held)}"
    if target.read_only:
        yield "it cannot be written (read-only, or not yours: try sudo)"
    if target.sector != disk.SECTOR:
        yield f"its sectors have {target.sector} bytes, the image is made for {disk.SECTOR}"
    if target.size < needed:
        yield f"it has {target.size} bytes, the image needs {needed}"


def _copy(decided: Plan, source: Disk, file: IO[bytes], report: Reporter) -> None:
    report.step(f"write {decided.target.path}")
    # Whatever booted from here before must not boot while we write.
    _zero(file, 0, decided.first, decided.target)
    for at, data in _chunks(source, decided):
        if _is_zero(data):
            _zero(file, at, len(data), decided.target)
        else:
            file.seek(at)
            _all(file, data)
        report.advance(at + len(data) - decided.first, decided.end - decided.first)
    os.fsync(file.fileno())


def _table(table: Table, file: IO[bytes], target: Target) -> None:
    file.seek(0)
    _all(file, gpt.protective_mbr(table))
    for batch in gpt.writes(table):
        for offset, data in batch:
            file.seek(offset)
            _all(file, data)
        os.fsync(file.fileno())
    if target.block:
        fcntl.ioctl(file.fileno(), BLKFLSBUF)


def _compare(decided: Plan, source: Disk, file: IO[bytes], report: Reporter) -> None:
    """Read everything back, from the disk and not from this machine's memory of it."""
    report.step(f"read {decided.target.path} back")
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    for at, data in _chunks(source, decided):
        if _read(file, at, len(data)) != data:
            raise WriteError(
                f"cannot trust {decided.target.path}: what was written between byte {at} and "
                f"{at + len(data)} reads back differently",
                "the disk or its connection is damaged; try another one",
            )
        report.advance(at + len(data) - decided.first, decided.end - decided.first)
    sectors = decided.target.size // disk.SECTOR
    found = gpt.read(lambda at, length: _read(file, at, length), sectors)
    if not found.healthy or found.best != decided.table:
        raise WriteError(
            f"cannot trust {decided.target.path}: its partition table reads back wrong"
        )
    if decided.target.block:
        fcntl.ioctl(file.fileno(), BLKRRPART)


def _chunks(source: Disk, decided: Plan) -> Iterator[tuple[int, bytes]]:
    for at in range(decided.first, decided.end, CHUNK):
        yield at, source.read_at(at, min(CHUNK, decided.end - at))


def _zero(file: IO[bytes], at: int, length: int, target: Target) -> None:
    """Make a range zero without sending the zeros, where the device knows how."""
    if target.block:
        fcntl.ioctl(file.fileno(), BLKZEROOUT, struct.pack("QQ", at, length))
    elif not _is_zero(_read(file, at, length)):
        file.seek(at)
        _all(file, bytes(length))


def _is_zero(data: bytes) -> bool:
    return data == (_ZEROS if len(data) == CHUNK else bytes(len(data)))


def _all(file: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    file.seek(at)
    parts = []
    while length and (part := file.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
