"""A node that cannot go on starts again by itself, and its next boot says why.

Each provocation also measures: seconds until the next kernel's first line on the console.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

pytestmark = pytest.mark.boot

FIRST_LINE = "skyrocket: ready version="
RECORDED: dict[str, float] = {}


@pytest.fixture(scope="module")
def victim(rack: Rack) -> Machine:
    # With firmware: the last words of a kernel are kept in its variables.
    return rack.start(rack.order("victim", firmware=True, demo=False))


def provoke(victim: Machine, name: str, script: str) -> dict[str, str]:
    """Do it, wait for the next boot, and give what that boot knows of the end of the last."""
    boot_id = victim.host("cat /proc/sys/kernel/random/boot_id").out.strip()
    mark = victim.mark()
    began = time.monotonic()
    # In the background: the connection does not survive what comes.
    victim.admin("sheltie", "-c", f"(sleep 1; {script}) >/dev/null 2>&1 </dev/null &")
    victim.hang_up()
    victim.wait_ready(mark)
    RECORDED[name] = time.monotonic() - began
    facts = json.loads(victim.host("cat /run/skyrocket/initrd.json").out)
    previous: dict[str, str] = facts["previous_boot"]
    assert boot_id == previous["boot_id"]
    return previous


def test_a_kernel_panic_reboots_and_is_remembered(victim: Machine) -> None:
    """`panic=` restarts the machine, and the last words name the panic."""
    previous = provoke(victim, "panic", "echo c > /proc/sysrq-trigger")
    assert "panic" in previous["ended"].lower() or "sysrq" in previous["ended"].lower(), previous


def test_a_pid_1_that_crashes_reboots(victim: Machine) -> None:
    """systemd's own crash does not freeze the node."""
    previous = provoke(victim, "crash of PID 1", "kill -SEGV 1")
    assert previous["ended"], previous


def test_a_pid_1_that_hangs_is_ended_by_the_watchdog(victim: Machine) -> None:
    """Frozen, it no longer feeds the watchdog, which restarts the machine."""
    previous = provoke(victim, "hang of PID 1", "echo 1 > /sys/fs/cgroup/init.scope/cgroup.freeze")
    assert previous["ended"], previous


def test_an_essential_unit_that_fails_reboots(victim: Machine) -> None:
    """A boot without settings is none: the unit's failure action restarts the machine."""
    unit = "/run/systemd/system/skyrocket-boot.service.d"
    broken = "[Service]\\nExecStart=\\nExecStart=/nonexistent\\n"
    script = (
        f"mkdir -p {unit}; printf '{broken}' > {unit}/broken.conf; systemctl daemon-reload; "
        "systemctl restart --no-block skyrocket-boot"
    )
    previous = provoke(victim, "failed essential unit", script)
    assert "skyrocket-boot" in previous["ended"], previous


def test_the_journal_of_the_boots_before_is_there(victim: Machine) -> None:
    """`journalctl -b -1` shows the boot that ended, under the same machine id."""
    boots = victim.host("journalctl --list-boots --no-pager -q").out.splitlines()
    assert len(boots) >= 5
    assert (
        "skyrocket-boot" in victim.host("journalctl -b -1 --no-pager -o cat -u skyrocket-boot").out
    )
