"""Words of the settings reach the kernel and PID 1 by way of firmware, loader and an addon.

A node of its own, started by firmware: a kernel that is started directly has nobody who reads
addons, and the settings are refused there (`test_effects.py`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

pytestmark = [pytest.mark.boot, pytest.mark.proof]

USER_DATA = """
[settings.boot]
reboot-to-reconcile = true
[settings.boot.kernel-parameters]
nosmt = []
transparent_hugepage = ["never"]
[settings.boot.init-parameters]
"--log-level" = ["notice"]
[settings.kernel.hugepages.static]
"2Mi" = { count = "16" }
"""
WORDS = [
    "hugepagesz=2M", "hugepages=16", "nosmt", "transparent_hugepage=never", "--",
    "--log-level=notice",
]  # fmt: skip
RESTARTS = "reboot: Restarting system"


@pytest.fixture(scope="module")
def worded(rack: Rack) -> Machine:
    """A node that has started itself again, once, to have the words of its user data."""
    node = rack.start(
        rack.order("worded", firmware=True, demo=False, user_data=USER_DATA), ready=False
    )
    said = node.wait_serial(RESTARTS, seconds=300)
    node.wait_ready(said.index(RESTARTS))
    return node


def status(node: Machine) -> dict[str, object]:
    found: dict[str, object] = json.loads(node.admin("apiclient", "raw", "-u", "/status").out)
    return found


def test_a_first_boot_starts_again_once_for_the_words_of_its_user_data(worded: Machine) -> None:
    """They are the kernel's, PID 1 has its own, and nothing is degraded."""
    line = worded.host("cat /proc/cmdline").out.split()
    assert " ".join(WORDS) in " ".join(line)
    assert worded.host("cat /sys/kernel/mm/transparent_hugepage/enabled").out.split()[-1] == (
        "[never]"
    )
    assert worded.host("cat /proc/sys/vm/nr_hugepages").out == "16\n"
    assert "--log-level=notice" in worded.host("cat /proc/1/cmdline | tr '\\0' ' '").out.split()
    found = status(worded)
    assert (found["kernel_words"], found["reasons"]) == (WORDS, [])
    assert worded.serial().count(RESTARTS) == 1
    assert "the settings asked for other words for the kernel" in worded.serial()
    kept = json.loads(worded.host("cat /run/skyrocket/initrd.json").out)
    assert (kept["efi"], kept["secure_boot"]) == (True, False)


def test_words_that_are_taken_back_are_gone_with_the_next_boot(worded: Machine) -> None:
    """Nothing starts again by itself for a change, and the addon's folder goes too."""
    parts = worded.admin("apiclient", "unset", "--result", "boot.kernel", "kernel.hugepages")
    assert parts.status == 0, parts
    wanted = '"next":["--","--log-level=notice"]'
    worded.wait(
        "the addon", lambda: wanted in worded.host("cat /run/skyrocket/parameters.json").out
    )
    mark = worded.mark()
    assert worded.admin("apiclient", "reboot").status == 0
    worded.hang_up()
    worded.wait_ready(mark)
    assert "nosmt" not in worded.host("cat /proc/cmdline").out.split()
    assert worded.host("cat /proc/sys/vm/nr_hugepages").out == "0\n"
    found = status(worded)
    assert (found["kernel_words"], found["reasons"]) == (["--", "--log-level=notice"], [])
