"""The disk of the running root, as an update needs it: its table, its partitions, its boot folder.

Deliberately unknown here: which slot is idle. Tests give an object of this shape.
"""

from __future__ import annotations

import os

from skyrocket.host.slots import bless
from skyrocket.host.slots.boot_partition import BootPartition
from skyrocket.host.system import blockdev
from skyrocket.host.system import disk as tables
from skyrocket.models import gpt


class NodeDisk:
    def __init__(self) -> None:
        self._whole = blockdev.disk_of(os.stat("/").st_dev)

    def table(self) -> gpt.Table:
        """The partition table; both copies are whole afterwards."""
        reading = tables.read_table(self._whole)
        better = gpt.mended(reading, self._whole.sectors)
        if better is not None:
            self.write(better)
        return better or reading.best

    def write(self, table: gpt.Table) -> None:
        """Write the partition table in the order that survives a power cut."""
        tables.write_table(self._whole, table)

    def device(self, place: int) -> str:
        """The device of the partition at PLACE of the table."""
        return self._whole.partition(place + 1).device

    def boot(self) -> BootPartition:
        """The boot partition, mounted inside the context."""
        return BootPartition(bless.device_of_boot())
