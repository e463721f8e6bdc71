"""The data partition at /local, and the folders of the node that live on it."""

from __future__ import annotations

import os

from skyrocket.host.initrd import ext4, table
from skyrocket.host.initrd.root import SYSROOT
from skyrocket.host.system import files, kernel
from skyrocket.host.system.faults import DoorError
from skyrocket.models import disk as layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.find import Found
    from skyrocket.host.initrd.report import Report
    from skyrocket.models.gpt import Entry, Table

LOCAL = SYSROOT + "/local"
# Folder on data -> its place in the root.
BINDS = (("var", "/var"), ("opt", "/opt"), ("mnt", "/mnt"))
JOURNAL_FLAG = "/run/systemd/journal/flushed"
"""Tells journald, from its first line on, that it may write below /var (and not to /run alone)."""
_LINKS = {"run": "../run", "lock": "../run/lock"}
"""Where programs older than /run look for it; systemd calls a node without them tainted."""


def mount_data(found: Found, now: Table, report: Report, options: str = "") -> None:
    """Mount data at /local, formatted if it is new, and bind /var, /opt and /mnt from it.

    OPTIONS are for the file system in memory that replaces it.
    """
    try:
        _mount(found, now, report)
    except (DoorError, OSError) as error:
        report.degrade(f"containers and logs are lost at the next boot: data partition: {error}")
        kernel.mount("tmpfs", LOCAL, "tmpfs", ext4.FLAGS, f"mode=0755,size=50%{options}")
    for folder, place in BINDS:
        source = f"{LOCAL}/{folder}"
        if not os.path.isdir(source):
            os.mkdir(source, 0o755)
        kernel.mount(source, SYSROOT + place, flags=kernel.MS_BIND)
    for name, target in _LINKS.items():
        if not os.path.lexists(f"{SYSROOT}/var/{name}"):
            os.symlink(target, f"{SYSROOT}/var/{name}")
    files.replace(JOURNAL_FLAG, b"")


def _mount(found: Found, now: Table, report: Report) -> None:
    entry, device = _partition(found, now)
    if entry.attributes & layout.NEW:
        ext4.make(device, layout.DATA)
        table.mark_formatted(found, now)
    elif ext4.says_damaged(device):
        report.complain(ext4.repair(device))
    try:
        ext4.mount(device, LOCAL)
    except DoorError as error:
        report.complain(f"{error}: {ext4.repair(device)}")
        ext4.mount(device, LOCAL)
    _fill(entry, report)


def _partition(found: Found, now: Table) -> tuple[Entry, str]:
    slot = layout.find(now, layout.DATA_TYPE)
    entry = now.entries[slot] if slot is not None else None
    if slot is None or entry is None:
        raise DoorError("cannot create it: the disk has no room behind the private partition")
    return entry, found.disk.partition(slot + 1).device


def _fill(entry: Entry, report: Report) -> None:
    """A partition that grew, now or in a boot that was cut short, gets a file system to match."""
    size = entry.sectors * 512
    there = os.statvfs(LOCAL)
    # What ext4 keeps for itself is far below a sixteenth; a real growth is far above.
    if size - there.f_blocks * there.f_frsize > size // 8:
        try:
            ext4.grow(LOCAL, size)
        except DoorError as error:
            report.complain(str(error))
