"""A recording of a real node, opened for the checker, and any state of it as a disk that can boot.

Deliberately unknown here: how it was recorded, and what makes a state bad.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, NamedTuple

from updates import check, cuts, log, record, sparse
from updates.bugs import Story
from updates.log import SECTOR, Op
from updates.medium import Medium, State

from skyrocket.lab import qemu
from skyrocket.models import gpt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from updates.cuts import Choice
    from updates.record import Facts

WHOLE = "disk"


class Recording(NamedTuple):
    """What was recorded in FOLDER; READ_AT gives the disk as it was before."""

    folder: Path
    facts: Facts
    ops: list[Op]
    read_at: Callable[[int, int], bytes]
    rooms: dict[str, range]

    @property
    def sectors(self) -> int:
        return self.facts.disk_bytes // SECTOR

    def medium(self, ops: Sequence[Op] | None = None) -> Medium:
        """The disk under these operations, without the partition `data`."""
        areas = check.areas(self.rooms, self.sectors)
        return Medium(self.read_at, areas, self.ops if ops is None else ops)

    def checker(self) -> check.Checker:
        """One that has seen the disk before the first write, and so knows its ESP."""
        images = [(self.folder / name).read_bytes() for name in self.facts.kernels.values()]
        versions = [check.known(each) for each in images]
        made = check.Checker(versions, self.rooms, self.sectors)
        made.look(self.medium([]).state())
        return made

    def story(self) -> Story:
        folder = check.folder(self.read_at, self.rooms)
        return Story(self.ops, self.medium().touched, self.facts.marks, self.rooms, folder)


def opened(folder: Path) -> Recording:
    facts = record.read(folder)
    read_at = mapped(folder / record.DISK)
    table = gpt.read(read_at, (folder / record.DISK).stat().st_size // SECTOR).best
    return Recording(folder, facts, log.read(folder / qemu.WRITES), read_at, check.rooms(table))


def mapped(path: Path) -> Callable[[int, int], bytes]:
    with path.open("rb") as file:
        raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return lambda at, length: raw[at : at + length]


def state(recording: Recording, end: int, choice: Choice) -> State:
    """The whole disk, `data` included, as CHOICE leaves it in the interval that ends at END."""
    areas = {WHOLE: (range(recording.sectors),)}
    medium = Medium(recording.read_at, areas, recording.ops)
    for interval in cuts.intervals(recording.ops, medium.seen):
        medium.settle(interval.settled)
        if interval.end == end:
            return medium.state(choice)
    raise LookupError(f"no interval ends at byte {end} of the log")


def write(recording: Recording, found: State, target: Path) -> None:
    """FOUND as a raw, sparse image at TARGET."""
    sparse.copy(recording.folder / record.DISK, target, recording.facts.disk_bytes)
    with target.open("r+b") as disk:
        for first, count in found.runs():
            for at in range(first, first + count, 2048):
                part = min(2048, first + count - at)
                disk.seek(at * SECTOR)
                disk.write(found.read(at * SECTOR, part * SECTOR))
