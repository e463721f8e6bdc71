"""The partition table of a real disk: read both copies, write both in the order that survives.

Deliberately unknown here: what the table should say (`models.gpt`, `models.disk`).
"""

from __future__ import annotations

import os

from skyrocket.host.system.faults import refused
from skyrocket.models import gpt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.system.blockdev import Disk


def read_table(disk: Disk) -> gpt.Reading:
    """Both copies of DISK's table and what is wrong with them."""
    try:
        fd = os.open(disk.device, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise refused(f"open {disk.device}", error) from error
    try:
        return gpt.read(lambda at, size: os.pread(fd, size, at), disk.sectors, disk.sector)
    except OSError as error:
        raise refused(f"read the partition table of {disk.device}", error) from error
    finally:
        os.close(fd)


def write_table(disk: Disk, table: gpt.Table) -> None:
    """Write TABLE: backup copy, flush, primary copy, flush. One writer at a time."""
    batches = gpt.writes(table)
    try:
        fd = os.open(disk.device, os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        raise refused(f"open {disk.device}", error) from error
    try:
        for batch in batches:
            for offset, data in batch:
                _write_all(fd, data, offset)
            os.fsync(fd)
    except OSError as error:
        raise refused(f"write the partition table of {disk.device}", error) from error
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(fd, data[done:], offset + done)
