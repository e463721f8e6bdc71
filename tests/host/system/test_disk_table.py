"""A partition table on a real file: written in order, read back whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.host.system import disk
from skyrocket.host.system.blockdev import Disk
from skyrocket.host.system.faults import DoorError
from skyrocket.models import gpt

if TYPE_CHECKING:
    from pathlib import Path


def device(path: Path) -> Disk:
    made = Disk("vda", 512, 8192)
    made.device = str(path)
    return made


def test_write_then_read(tmp_path: Path) -> None:
    """What was written is read back from both copies."""
    path = tmp_path / "disk"
    path.write_bytes(bytes(8192 * 512))
    table = gpt.Table(
        gpt.random_guid(b"d" * 16),
        8192,
        (gpt.Entry(gpt.random_guid(b"t" * 16), gpt.random_guid(b"i" * 16), 2048, 4095, "one"),),
    )
    disk.write_table(device(path), table)
    reading = disk.read_table(device(path))
    assert (reading.best, reading.healthy) == (table, True)


def test_missing_device_is_named(tmp_path: Path) -> None:
    """The error names the device and the kernel's reason."""
    with pytest.raises(DoorError, match=r"cannot open .*/gone: No such file"):
        disk.read_table(device(tmp_path / "gone"))
