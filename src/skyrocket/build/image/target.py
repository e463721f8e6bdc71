"""What a disk to be written is: its size, who uses it, whether this machine runs from it.

Reads /sys and /proc, decides nothing: `write.plan` does.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple


class Target(NamedTuple):
    """Facts of a device (or, for tests and virtual machines, of a file that stands for one)."""

    path: str
    size: int
    block: bool
    sector: int = 512
    partition: bool = False
    read_only: bool = False
    mounted: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    system: bool = False


def look(path: Path, system: Path = Path("/sys"), proc: Path = Path("/proc")) -> Target:
    """The facts of PATH; raises OSError when it is not there."""
    info = path.stat()
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
    if not stat.S_ISBLK(info.st_mode):
        return Target(str(path), size, block=False, read_only=not os.access(path, os.W_OK))
    number = f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}"
    return describe(str(path), size, (system / "dev/block" / number).resolve(), proc)


def describe(path: str, size: int, folder: Path, proc: Path) -> Target:
    """The facts of the block device whose folder in /sys is FOLDER."""
    own = [folder, *(child for child in _folders(folder) if (child / "partition").is_file())]
    whole = [one for part in own for one in _stack(part)]
    numbers = {_text(one / "dev"): one.name for one in whole}
    points = [point for number, point in _mounts(proc / "self/mountinfo") if number in numbers]
    swaps = {Path(line.split()[0]).name for line in _text(proc / "swaps").splitlines()[1:]}
    held = [f"{one.name} is swap" for one in whole if one.name in swaps]
    held += [f"{one.name} lies on it" for one in whole if one not in own]
    return Target(
        path,
        size,
        block=True,
        sector=int(_text(folder / "queue/logical_block_size") or 512),
        partition=(folder / "partition").is_file(),
        read_only=_text(folder / "ro") == "1",
        mounted=tuple(points),
        held=tuple(dict.fromkeys(held)),
        system=bool({"/", "/usr", "/boot", "/boot/efi"} & set(points)),
    )


def _stack(folder: Path) -> list[Path]:
    """A device and everything that is stacked on it: mappings, arrays, their own holders."""
    found = [folder]
    for holder in _folders(folder / "holders"):
        found += _stack(holder.resolve())
    return found


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _mounts(file: Path) -> list[tuple[str, str]]:
    """(device number, mount point) of every mount; proc(5) writes blanks as octal numbers."""
    rows = [line.split() for line in _text(file).splitlines()]
    return [(row[2], row[4].replace("\\040", " ")) for row in rows if len(row) > 4]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
