"""Write a file to a whole disk and read it back; refuse a disk that is in use."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from io import RawIOBase

    from skyrocket.models.progress import Reporter

CHUNK = 4 << 20


def problem(target: Path, needed: int) -> str:
    """Why TARGET must not be written, or ''."""
    try:
        info = target.stat()
    except OSError as error:
        return str(error.strerror)
    if stat.S_ISBLK(info.st_mode):
        users = in_use(f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}")
        if users:
            return f"it is in use: {', '.join(users)}"
    elif not stat.S_ISREG(info.st_mode):
        return "it is neither a disk nor a file"
    if not os.access(target, os.R_OK | os.W_OK):
        return "you may not write it (try sudo)"
    room = size(target)
    return f"it has {room} bytes and {needed} are needed" if room < needed else ""


def in_use(number: str, system: Path = Path("/sys"), proc: Path = Path("/proc")) -> list[str]:
    """Who uses the block device NUMBER ('8:0') or a partition of it: mounts, swap, mappings."""
    folder = (system / "dev/block" / number).resolve()
    numbers = {number}
    users = []
    for entry in [folder, *(folder.iterdir() if folder.is_dir() else ())]:
        if (entry / "dev").is_file():
            numbers.add((entry / "dev").read_text().strip())
            holders = entry / "holders"
            users += [holder.name for holder in holders.iterdir()] if holders.is_dir() else []
    if (folder / "partition").is_file():
        users.append("it is a partition, not a whole disk")
    for line in (proc / "self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[2] in numbers:
            users.append(f"mounted on {fields[4]}")
    swaps = proc / "swaps"
    names = {path.name for path in (folder, *(folder.iterdir() if folder.is_dir() else ()))}
    for line in swaps.read_text().splitlines()[1:] if swaps.is_file() else ():
        if Path(line.split()[0]).name in names:
            users.append(f"swap on {line.split()[0]}")
    return users


def size(target: Path) -> int:
    """Bytes of a disk or file."""
    with target.open("rb") as file:
        return file.seek(0, os.SEEK_END)


def write(source: Path, target: Path, report: Reporter) -> int | None:
    """Copy SOURCE over the start of TARGET; the first byte that reads back differently."""
    total = source.stat().st_size
    # O_EXCL on a disk: the kernel refuses while anything holds it, and keeps others away.
    flags = os.O_RDWR | (os.O_EXCL if stat.S_ISBLK(target.stat().st_mode) else 0)
    with source.open("rb") as reader, os.fdopen(os.open(target, flags), "r+b", 0) as disk:
        report.step(f"write {target}")
        while data := reader.read(CHUNK):
            view = memoryview(data)
            while view:
                view = view[disk.write(view) :]
            report.advance(reader.tell(), total)
        os.fsync(disk.fileno())
        # From the disk itself, not from this machine's memory of what it wrote.
        os.posix_fadvise(disk.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        report.step(f"read {target} back")
        reader.seek(0)
        disk.seek(0)
        return first_difference(reader, disk, total, report)


def first_difference(
    reader: IO[bytes], disk: RawIOBase, total: int, report: Reporter
) -> int | None:
    at = 0
    while expected := reader.read(CHUNK):
        found = b""
        while len(found) < len(expected):
            more = disk.read(len(expected) - len(found))
            if not more:
                return at + len(found)
            found += more
        if found != expected:
            pairs = zip(expected, found, strict=True)
            return at + next(offset for offset, (a, b) in enumerate(pairs) if a != b)
        at += len(expected)
        report.advance(at, total)
    return None
