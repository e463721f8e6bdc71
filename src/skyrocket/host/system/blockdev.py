"""Block devices as the kernel shows them: whole disks, their partitions, a few ioctls.

Deliberately unknown here: partition tables (`system.disk`) and what a partition is for.
"""

from __future__ import annotations

import fcntl
import os

from skyrocket.host.system.faults import DoorError, refused
from skyrocket.host.system.text import number_in, text_in

# <linux/fs.h>
_BLKRRPART = 0x125F
_BLKFLSBUF = 0x1261

# Never a node's own disk: memory, loops, mapped devices, optical drives, floppies.
_NOT_DISKS = ("loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd")


class Disk:
    """A whole disk: kernel name, device file, logical sector size and number of such sectors."""

    __slots__ = ("device", "name", "sector", "sectors", "sysfs")

    def __init__(self, name: str, sector: int, sectors: int, sysfs: str = "/sys") -> None:
        self.name = name
        self.device = f"/dev/{name}"
        self.sector = sector
        self.sectors = sectors
        self.sysfs = f"{sysfs}/block/{name}"

    def partition(self, number: int) -> Partition:
        """Partition NUMBER (from 1) as the kernel knows it."""
        for name in os.listdir(self.sysfs):
            path = f"{self.sysfs}/{name}/partition"
            if name.startswith(self.name) and os.path.exists(path) and number_in(path) == number:
                return Partition(name, text_in(f"{self.sysfs}/{name}/dev"))
        raise DoorError(f"cannot use partition {number} of {self.device}: the kernel has none")

    def reread(self) -> None:
        """Make the kernel read the partition table anew; nothing on the disk may be in use."""
        fd = os.open(self.device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.ioctl(fd, _BLKRRPART)
        except OSError as error:
            raise refused(f"reread the partition table of {self.device}", error) from error
        finally:
            os.close(fd)


class Partition:
    """A partition's device file and its number `major:minor`."""

    __slots__ = ("device", "name", "number")

    def __init__(self, name: str, number: str) -> None:
        self.name = name
        self.device = f"/dev/{name}"
        self.number = number


def disks(sysfs: str = "/sys") -> list[Disk]:
    """All whole disks with a medium, by name."""
    found = []
    for name in sorted(os.listdir(f"{sysfs}/block")):
        if name.startswith(_NOT_DISKS):
            continue
        # sysfs counts in units of 512 bytes whatever the disk's own sector is.
        size = number_in(f"{sysfs}/block/{name}/size") * 512
        sector = number_in(f"{sysfs}/block/{name}/queue/logical_block_size") or 512
        if size:
            found.append(Disk(name, sector, size // sector, sysfs))
    return found


def disk_of(device_number: int, sysfs: str = "/sys") -> Disk:
    """The whole disk under the device DEVICE_NUMBER (st_dev), through one verity device at most."""
    major, minor = os.major(device_number), os.minor(device_number)
    path = os.path.realpath(f"{sysfs}/dev/block/{major}:{minor}")
    slaves = f"{path}/slaves"
    if os.path.isdir(slaves) and (below := sorted(os.listdir(slaves))):
        path = os.path.realpath(f"{slaves}/{below[0]}")
    name = (
        path.rsplit("/", 2)[1] if os.path.exists(f"{path}/partition") else path.rpartition("/")[2]
    )
    for disk in disks(sysfs):
        if disk.name == name:
            return disk
    raise DoorError(f"cannot find the disk under device {major}:{minor}: no whole disk {name!r}")


def flush_buffers(device: str) -> None:
    """Drop what the kernel remembers of DEVICE, so that the next read comes from the disk."""
    fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, _BLKFLSBUF)
    except OSError as error:
        raise refused(f"flush buffers of {device}", error) from error
    finally:
        os.close(fd)
