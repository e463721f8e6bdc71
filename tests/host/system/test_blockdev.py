"""Disks and partitions as a sysfs tree shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from skyrocket.host.system import blockdev
from skyrocket.host.system.faults import DoorError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    def disk(name: str, size: int, block: int = 512) -> Path:
        folder = tmp_path / "block" / name
        (folder / "queue").mkdir(parents=True)
        (folder / "size").write_text(f"{size}\n")
        (folder / "queue/logical_block_size").write_text(f"{block}\n")
        return folder

    vda = disk("vda", 4096)
    for number in (1, 10):
        (vda / f"vda{number}").mkdir()
        (vda / f"vda{number}/partition").write_text(f"{number}\n")
        (vda / f"vda{number}/dev").write_text(f"254:{number}\n")
    disk("nvme0n1", 4096, 4096)
    disk("sr0", 100)
    disk("loop0", 100)
    disk("sdb", 0)
    return tmp_path


def test_whole_disks_only(sysfs: Path) -> None:
    """Loops, optical drives and empty readers are no disks; sizes count in the disk's sectors."""
    found = [(disk.name, disk.sector, disk.sectors) for disk in blockdev.disks(str(sysfs))]
    assert found == [("nvme0n1", 4096, 512), ("vda", 512, 4096)]


def test_partition_by_number(sysfs: Path) -> None:
    """A partition is found by its number, not by a guess at its name."""
    vda = blockdev.disks(str(sysfs))[1]
    assert (vda.partition(10).device, vda.partition(10).number) == ("/dev/vda10", "254:10")
    with pytest.raises(DoorError, match="partition 2 of /dev/vda: the kernel has none"):
        vda.partition(2)


def test_disk_under_a_verity_root(sysfs: Path) -> None:
    """The disk of the running root is found through the mapped device and its partition."""
    mapped = sysfs / "devices/virtual/block/dm-0"
    (mapped / "slaves").mkdir(parents=True)
    (mapped / "slaves/vda1").symlink_to(sysfs / "block/vda/vda1")
    (sysfs / "dev/block").mkdir(parents=True)
    (sysfs / "dev/block/252:0").symlink_to(mapped)
    assert blockdev.disk_of(os.makedev(252, 0), str(sysfs)).name == "vda"
