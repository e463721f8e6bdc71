"""A node that cannot go on starts again by itself, and its next boot says why.

A kernel that panics is in `test_slots.py`: its last words are kept by a firmware.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from boot.machine import Machine

pytestmark = pytest.mark.boot


def test_a_pid_1_that_crashes_reboots(spare: Machine) -> None:
    """systemd's own crash does not freeze the node."""
    previous = spare.ended_by("kill -SEGV 1")
    assert previous["ended"], previous


def test_a_pid_1_that_hangs_is_ended_by_the_watchdog(spare: Machine) -> None:
    """Frozen, it no longer feeds the watchdog, which restarts the machine."""
    previous = spare.ended_by("echo 1 > /sys/fs/cgroup/init.scope/cgroup.freeze")
    assert previous["ended"], previous


def test_an_essential_unit_that_fails_reboots(spare: Machine) -> None:
    """A boot without settings is none: the unit's failure action restarts the machine."""
    unit = "/run/systemd/system/skyrocket-boot.service.d"
    broken = "[Service]\\nExecStart=\\nExecStart=/nonexistent\\n"
    script = (
        f"mkdir -p {unit}; printf '{broken}' > {unit}/broken.conf; systemctl daemon-reload; "
        "systemctl restart --no-block skyrocket-boot"
    )
    previous = spare.ended_by(script)
    assert "skyrocket-boot" in previous["ended"], previous


def test_the_journal_of_the_boots_before_is_there(spare: Machine) -> None:
    """`journalctl -b -1` shows the boot that ended, under the same machine id."""
    boots = spare.host("journalctl --list-boots --no-pager -q").out.splitlines()
    assert len(boots) >= 4
    assert (
        "skyrocket-boot" in spare.host("journalctl -b -1 --no-pager -o cat -u skyrocket-boot").out
    )
