"""Find the disk that holds the root we were told to boot, as drivers and disks appear."""

from __future__ import annotations

import time

from skyrocket.host.initrd.errors import BootError
from skyrocket.host.system import blockdev
from skyrocket.host.system import disk as tables
from skyrocket.host.system.faults import DoorError
from skyrocket.host.system.uevents import Uevents
from skyrocket.models import disk as layout
from skyrocket.models.gpt import GptError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.system.blockdev import Disk
    from skyrocket.host.system.modules import Loader
    from skyrocket.models.gpt import Reading


# Buses whose disks are quick to appear come first: a virtual machine's disk is nearly always on
# one of these, and then no boot waits until an empty SATA controller has looked at its six ports.
_QUICK = ("virtio", "vmbus", "xen")


class Found:
    """The disk of the root: what its table says, and the slots of root and hash partition."""

    __slots__ = ("disk", "hash_slot", "reading", "root_slot")

    def __init__(self, disk: Disk, reading: Reading, root_slot: int, hash_slot: int) -> None:
        self.disk = disk
        self.reading = reading
        self.root_slot = root_slot
        self.hash_slot = hash_slot


def root_disk(loader: Loader, root_hash: str, seconds: int) -> Found:
    """Load drivers until a disk holds root and hash of ROOT_HASH; BootError after SECONDS."""
    deadline = time.monotonic() + seconds
    uevents = Uevents()
    looked: dict[str, str] = {}
    try:
        while True:
            for buses in (_QUICK, None):
                loader.coldplug(buses)
                if found := search(root_hash, looked):
                    return found
            if not uevents.wait(deadline):
                raise BootError(_nothing(root_hash, seconds, looked))
    finally:
        uevents.close()


def search(root_hash: str, looked: dict[str, str]) -> Found | None:
    """Look at every disk not yet in LOOKED; say there what was seen on each."""
    root_id, hash_id = layout.root_ids(root_hash)
    for disk in blockdev.disks():
        if disk.name in looked:
            continue
        try:
            reading = tables.read_table(disk)
            table = reading.best
        except (DoorError, GptError) as error:
            looked[disk.name] = str(error)
            continue
        root_slot, hash_slot = layout.find_id(table, root_id), layout.find_id(table, hash_id)
        if root_slot is not None and hash_slot is not None:
            return Found(disk, reading, root_slot, hash_slot)
        looked[disk.name] = "has another root" if root_slot is None else "has no hash partition"
    return None


def _nothing(root_hash: str, seconds: int, looked: dict[str, str]) -> str:
    seen = "; ".join(f"{name} {what}" for name, what in looked.items()) or "there is no disk"
    return f"cannot find root {root_hash[:8]} within {seconds} s: {seen}"
