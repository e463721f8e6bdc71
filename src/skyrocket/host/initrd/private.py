"""The private partition of this disk: settings, machine id, boot records.

It is mounted before the root, because boots are counted even when the root does not open. When it
cannot be mounted it is kept as it is, mended with the root's tools if they can, and replaced by a
tmpfs for this boot otherwise: degraded, never a loop.
"""

from __future__ import annotations

import os

from skyrocket.host.initrd import ext4
from skyrocket.host.initrd.root import SYSROOT
from skyrocket.host.system import kernel
from skyrocket.host.system.faults import DoorError
from skyrocket.models import disk as layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.report import Report
    from skyrocket.host.system.blockdev import Disk
    from skyrocket.models.gpt import Table

EARLY = "/private"
PLACE = SYSROOT + "/var/lib/bottlerocket"
_FLAGS = ext4.FLAGS | kernel.MS_NOEXEC


class Private:
    """Where the private partition is now; FOLDER is empty while it is not mounted."""

    __slots__ = ("device", "fault", "folder")

    def __init__(self, device: str) -> None:
        self.device = device
        self.folder = ""
        self.fault = "" if device else "the disk has no private partition"


def open_early(disk: Disk, table: Table) -> Private:
    """Mount it at /private if that goes without mending."""
    slot = layout.find(table, layout.PRIVATE_TYPE)
    private = Private("" if slot is None else disk.partition(slot + 1).device)
    if private.fault:
        return private
    if not os.path.isdir(EARLY):
        os.mkdir(EARLY, 0o700)
    try:
        if ext4.says_damaged(private.device):
            private.fault = "its file system noted errors"
            return private
        ext4.mount(private.device, EARLY, _FLAGS)
        private.folder = EARLY
    except (DoorError, OSError) as error:
        private.fault = str(error)
    return private


def place(private: Private, report: Report) -> None:
    """Bring it to /var/lib/bottlerocket of the root, mended or replaced if need be."""
    if not os.path.isdir(PLACE):
        os.makedirs(PLACE, 0o755)
    if private.folder:
        kernel.mount(EARLY, PLACE, flags=kernel.MS_MOVE)
    elif not _mend(private, report):
        report.degrade(f"settings are lost at the next boot: private partition: {private.fault}")
        kernel.mount("tmpfs", PLACE, "tmpfs", _FLAGS, "mode=0755,size=64m")
    private.folder = PLACE


def _mend(private: Private, report: Report) -> bool:
    if not private.device:
        return False
    try:
        report.complain(f"private partition: {private.fault}: {ext4.repair(private.device)}")
        ext4.mount(private.device, PLACE, _FLAGS)
    except DoorError as error:
        private.fault = str(error)
        return False
    return True
