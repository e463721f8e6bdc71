"""Really boot a state: firmware, loader, kernel, initrd, systemd, API; then read its disk.

What came up must be what the modelled loader said, and the disk must be whole afterwards, with the
settings that the state had. Nobody logs in, so it does not matter which keys and ports it knew.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from updates import check, real
from updates.cuts import Piece
from updates.ext4 import Ext4
from updates.log import SECTOR

from skyrocket.host.store.filesystem import FileStore
from skyrocket.lab import disks, qemu
from skyrocket.models import disk

if TYPE_CHECKING:
    from pathlib import Path

    from boot.machine import Machine, Rack
    from updates.check import Look
    from updates.medium import State
    from updates.real import Recording

READY = re.compile(r"skyrocket: ready version=(\S+)")


class Chosen(Struct, frozen=True):
    """A state to boot: where in the log, what arrived, and what has to come up."""

    what: str
    end: int
    choice: tuple[tuple[int, int, int], ...]
    boots: str
    generation: int

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(Piece(*each) for each in self.choice)


class Outcome(Struct, frozen=True):
    """What came up in how many seconds, and what is wrong with it ('' for nothing)."""

    chosen: Chosen
    version: str
    generation: int
    seconds: float
    wrong: str


class Settings(NamedTuple):
    generation: int
    motd: str


def boot(rack: Rack, recording: Recording, chosen: Chosen, folder: Path, number: int) -> Outcome:
    """Make the disk of CHOSEN in FOLDER, boot it, look at it."""
    state = real.state(recording, chosen.end, chosen.pieces)
    before = settings(recording, state.read)
    raw = folder / f"state-{number}.raw"
    real.write(recording, state, raw)
    facts = recording.facts
    order = rack.order(
        f"state-{number}", image=recording.folder, root_hash=facts.order["root_hash"],
        firmware=True, demo=False, user_data=facts.order["user_data"], disk=raw,
    )  # fmt: skip
    began = time.monotonic()
    machine = rack.start(order)
    machine.quiet = True  # its journal is not looked at: its disk is gone soon
    seconds = time.monotonic() - began
    version = READY.findall(machine.serial())[-1]
    machine.cut_power()
    raw.unlink()
    after, look = _looked(rack, recording, machine, folder / f"after-{number}.raw")
    machine.home.disk.unlink()
    wrong = "; ".join(_wrong(chosen, version, before, after, look))
    return Outcome(chosen, version, after.generation, round(seconds, 1), wrong)


def _wrong(
    chosen: Chosen, version: str, before: Settings, after: Settings, look: Look
) -> list[str]:
    found = [] if version == chosen.boots else [f"{version} came up, not {chosen.boots}"]
    if before.generation and after.motd != before.motd:
        found.append(f"settings say {after.motd!r}, not {before.motd!r}")
    if after.generation < before.generation:
        found.append(f"generation {after.generation} after {before.generation}")
    return [*found, *look.faults]


def settings(recording: Recording, read_at: check.ReadAt) -> Settings:
    """The live generation on a disk, and the message of the day."""
    start = recording.rooms[disk.PRIVATE].start * SECTOR
    store = FileStore(door=check.Door(Ext4(lambda at, length: read_at(start + at, length))))
    found = store.load()
    if found is None:
        return Settings(0, "")
    return Settings(found.generation, str(found.settings.get("motd", "")))


def _looked(rack: Rack, recording: Recording, machine: Machine, raw: Path) -> tuple[Settings, Look]:
    """The disk as the boot left it; its power was cut, too."""
    argv = [
        "qemu-img", "convert", "-q", "-f", "qcow2", "-O", "raw",
        f"{qemu.NODE}/{machine.home.disk.name}", f"{qemu.NODE}/{raw.name}",
    ]  # fmt: skip
    disks.tool(rack.lab.sandbox, machine.home, argv)
    made = machine.home.folder / raw.name
    try:
        read_at = real.mapped(made)
        places = check.areas(recording.rooms, recording.sectors)
        state: State = real.Medium(read_at, places, []).state()
        return settings(recording, read_at), recording.checker().look(state)
    finally:
        made.unlink()
