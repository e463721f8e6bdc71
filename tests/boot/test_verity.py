"""A root that is not what its hash says is never used: the node restarts, and knows when to stop.

One damaged block, where every boot reads. What dm-verity does is `restart_on_corruption`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot.tampering import Altered

from skyrocket.build.image import build
from skyrocket.cli.checkout import ROOT
from skyrocket.lab import disks, qemu
from skyrocket.models.progress import Silent
from skyrocket.models.slots import key_of

if TYPE_CHECKING:
    from pathlib import Path

    from boot.machine import Machine, Rack

pytestmark = [pytest.mark.boot, pytest.mark.proof]  # long: by hand

EROFS_SUPERBLOCK = 0  # the block that holds it, at byte 1024
BLESSED = "/var/lib/bottlerocket/boot/blessed"
CORRUPT = "is corrupted"
"""The kernel's word for a block that does not fit its hash."""


def test_a_root_damaged_before_its_first_boot_stops_after_three_tries(
    rack: Rack, tmp_path: Path
) -> None:
    """No other slot has anything: three starts, then a machine that stands still and says why."""
    disk = Altered(rack.lab.sandbox, rack.parts.image, tmp_path / "altered")
    disk.damage("root-a", EROFS_SUPERBLOCK)
    machine = rack.start(rack.order("damaged", image=disk.folder, demo=False), ready=False)
    stopped = machine.wait_serial("skyrocket: stopped.", seconds=150)
    assert stopped.count(CORRUPT) >= 3
    assert "3 boots of" in stopped
    assert "no other slot that was ever good" in stopped
    assert "skyrocket: ready" not in stopped
    machine.cut_power()


def test_a_blessed_slot_that_is_damaged_gives_way_to_the_good_other(rack: Rack) -> None:
    """Both were good once; three starts of the damaged one, then the other answers."""
    second = build.Second("0.2.0", "good")
    built = build.build_pair(ROOT, "vm-dev", "x86_64", Silent(), second)
    first = built.facts.root_hash
    order = rack.order("rotten", image=built.folder, root_hash=first, firmware=True, demo=False)
    node = rack.start(order)
    assert node.get("os.version_id")["os"]["version_id"] == "0.2.0"
    node.wait("blessing", lambda: node.host(f"cat {BLESSED}").out != "", 120)
    # The first version was good before the second came: what its own boot would have written.
    assert node.host(f"echo {first} >> {BLESSED} && sync").status == 0
    node.stop()
    damage(rack, node, built)
    mark = node.mark()
    node = rack.start(order, ready=False)  # the lab would give up at the first boot that fails
    said = node.wait_ready(mark, 400)
    assert said.count(CORRUPT) >= 3
    assert f"the next boot is the other slot's, {key_of(first)}" in said
    assert node.get("os.version_id")["os"]["version_id"] == "0.1.0"
    node.cut_power()


def damage(rack: Rack, node: Machine, built: build.Built) -> None:
    """The first block of the second slot's root, on the node's own disk."""
    part = next(one for one in built.facts.partitions if one.label == "root-b")
    disk = f"{qemu.NODE}/{node.home.disk.name}"
    write = ["qemu-io", "-f", "qcow2", "-c", f"write -P 0xa5 {part.offset} 4096", disk]
    disks.tool(rack.lab.sandbox, node.home, write, built.folder)
