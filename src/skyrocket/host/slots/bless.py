"""Bless the slot that runs: its UKI loses the counter, its root enters the records.

Blessing is a rename in the boot partition and nothing else (trap: a variable would switch the
loader's counting off). Called by `health` alone.
"""

from __future__ import annotations

import os

from skyrocket.host.slots import uki
from skyrocket.host.slots.boot_partition import BootPartition
from skyrocket.host.system import blockdev, efi
from skyrocket.host.system import disk as tables
from skyrocket.host.system.faults import DoorError
from skyrocket.models import boots, slots
from skyrocket.models import disk as layout

COUNTED_PATH = "LoaderBootCountPath"
LOADER = "LoaderInfo"
NOT_COUNTED = "not counted"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.models.boots import Step


class Plan:
    """The STEPS to take, if any; NOTE says why, for an operator."""

    __slots__ = ("note", "steps")

    def __init__(self, note: str, steps: list[Step] | None = None) -> None:
        self.note = note
        self.steps = steps or []


def plan(names: list[slots.Name], root_hash: str, counted_path: str) -> Plan:
    """What blessing ROOT_HASH means for the UKIs NAMES, when the loader counted COUNTED_PATH."""
    key = slots.key_of(root_hash)
    mine = [name for name in names if name.key == key]
    counted = slots.parse(counted_path.replace("\\", "/").rpartition("/")[2])
    if counted is None or counted.key != key:
        return Plan(f"{NOT_COUNTED}: the loader counted {counted_path}, not this root")
    steps = boots.blessing(names, key)
    if not steps:
        return Plan("blessed already" if mine else f"{NOT_COUNTED}: the UKI of this root is gone")
    return Plan("blessed", steps)


def on_trial(root_hash: str) -> bool:
    """Whether this root has yet to prove itself, and the loader would take another one next."""
    if not efi.make_readable():
        return False
    path = efi.loader_variable(COUNTED_PATH)
    counted = slots.parse(path.replace("\\", "/").rpartition("/")[2]) if path else None
    if counted is None or counted.key != slots.key_of(root_hash):
        return False
    with BootPartition(device_of_boot()) as boot:
        ukis = [
            boots.Uki(name, _version(boot.path(f"{slots.FOLDER}/{name}"))) for name in boot.names()
        ]
    return boots.other_boots_next(ukis, counted.key)


def _version(path: str) -> str:
    """What the loader takes for the version of the image at PATH; "" where it finds none."""
    try:
        return uki.read(path).version
    except DoorError:
        return ""


def give_back(root_hash: str, root: str = "/") -> str:
    """Have the loader try this root once more -> what came of it, for an operator."""
    with BootPartition(device_of_boot(root)) as boot:
        steps = boots.giving_back(boot.names(), slots.key_of(root_hash))
        boot.carry_out(steps)
    return "tried once more" if steps else "had its tries"


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
        boot.carry_out(decided.steps)
    return decided


def device_of_boot(root: str = "/") -> str:
    """The boot partition on the disk of the running root."""
    disk = blockdev.disk_of(os.stat(root).st_dev)
    slot = layout.find(tables.read_table(disk).best, layout.BOOT_TYPE)
    if slot is None:
        raise DoorError(f"cannot find the boot partition: {disk.device} has none")
    return disk.partition(slot + 1).device
