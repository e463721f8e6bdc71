"""Bless the slot that runs: its UKI loses the counter, its root enters the records.

Blessing is a rename in the boot partition and nothing else (trap: a variable would switch the
loader's counting off). Called by `health` alone.
"""

from __future__ import annotations

import os

from skyrocket.host.slots.boot_partition import BootPartition
from skyrocket.host.slots.choice import blessed_name
from skyrocket.host.system import blockdev, efi
from skyrocket.host.system import disk as tables
from skyrocket.host.system.faults import DoorError
from skyrocket.models import disk as layout
from skyrocket.models import slots

COUNTED_PATH = "LoaderBootCountPath"
LOADER = "LoaderInfo"
NOT_COUNTED = "not counted"


class Plan:
    """Rename OLD to NEW, or nothing; NOTE says why, for an operator."""

    __slots__ = ("new", "note", "old")

    def __init__(
        self, note: str, old: slots.Name | None = None, new: slots.Name | None = None
    ) -> None:
        self.note = note
        self.old = old
        self.new = new


def plan(names: list[slots.Name], root_hash: str, counted_path: str) -> Plan:
    """What blessing ROOT_HASH means for the UKIs NAMES, when the loader counted COUNTED_PATH."""
    key = slots.key_of(root_hash)
    mine = [name for name in names if name.key == key]
    counted = slots.parse(counted_path.replace("\\", "/").rpartition("/")[2])
    if counted is None or counted.key != key:
        return Plan(f"{NOT_COUNTED}: the loader counted {counted_path}, not this root")
    # The firmware may have been unable to write the counted name: whatever has a counter is meant.
    trial = [name for name in mine if not name.blessed]
    if not trial:
        return Plan("blessed already" if mine else f"{NOT_COUNTED}: the UKI of this root is gone")
    return Plan("blessed", trial[0], blessed_name(trial[0]))


def on_trial(root_hash: str) -> bool:
    """Whether the loader started this root as one that has yet to prove itself."""
    if not efi.make_readable():
        return False
    path = efi.loader_variable(COUNTED_PATH)
    counted = slots.parse(path.replace("\\", "/").rpartition("/")[2]) if path else None
    return counted is not None and counted.key == slots.key_of(root_hash)


def bless(root_hash: str, root: str = "/") -> Plan:
    """Make the slot of ROOT_HASH the one that boots from now on -> what was done."""
    if not efi.make_readable():
        return Plan(f"{NOT_COUNTED}: this machine did not boot through EFI")
    counted = efi.loader_variable(COUNTED_PATH)
    if not counted and efi.loader_variable(LOADER):
        return Plan("blessed already")
    if not counted:
        return Plan(f"{NOT_COUNTED}: no boot loader started this kernel")
    with BootPartition(device_of_boot(root)) as boot:
        decided = plan(boot.names(), root_hash, counted)
        if decided.old and decided.new:
            boot.rename(decided.old, decided.new)
    return decided


def device_of_boot(root: str = "/") -> str:
    """The boot partition on the disk of the running root."""
    disk = blockdev.disk_of(os.stat(root).st_dev)
    slot = layout.find(tables.read_table(disk).best, layout.BOOT_TYPE)
    if slot is None:
        raise DoorError(f"cannot find the boot partition: {disk.device} has none")
    return disk.partition(slot + 1).device
