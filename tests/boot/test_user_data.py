"""User data as users hand it over: discs of both kinds, compressed, contradicting, wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from skyrocket.lab import serial, ssh

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

pytestmark = pytest.mark.boot

PRIVATE = "/var/lib/bottlerocket"
WRONG = """
[settings]
motd = 7
[settings.network]
hostnam = "misspelt"
[settings.ntp]
time-servers = "not a list"
"""
MISTAKES = ("settings.motd", "`hostnam`", "at settings.network", "settings.ntp.time-servers")
LATER_SECONDS = 5.0
"""A node with wrong user data answers at most so much later than with right ones."""


def answered_at(said: str) -> float:
    """The uptime at which the console said that the API answers."""
    ready = serial.ready(said)
    assert ready is not None
    return float(ready.uptime)


def test_a_compressed_disc_in_a_cd_drive_is_applied(spare: Machine) -> None:
    """`cidata` on ISO 9660 behind AHCI: the settings are the user's, and so is the kernel."""
    assert spare.get("settings.motd")["settings"] == {"motd": "from the disc"}
    assert spare.host("cat /proc/sys/vm/max_map_count").out == "300321\n"
    assert spare.host("mount | grep /run/skyrocket/user-data").out == ""


@pytest.mark.proof  # not run since SELinux is on
def test_the_disc_wins_over_the_private_file_and_overrides_over_both(spare: Machine) -> None:
    """A node whose settings were taken away reads all its sources again, in the order said."""
    files = {
        "user-data.toml": '[settings]\nmotd = "private"\n[settings.ntp]\noptions = ["private"]\n',
        "user-data-overrides.toml": '[settings.network]\nhostname = "over"\n',
    }
    for name, text in files.items():
        assert spare.admin("sheltie", "-c", f"cat > {PRIVATE}/{name}", stdin=text).status == 0
    assert spare.host(f"rm -r {PRIVATE}/store && sync").status == 0
    mark = spare.mark()
    assert spare.admin("apiclient", "reboot").status == 0
    spare.hang_up()
    spare.wait_ready(mark)
    settings = spare.get("settings.")["settings"]
    assert settings["motd"] == "from the disc"
    assert settings["ntp"]["options"] == ["private"]
    assert settings["network"]["hostname"] == "over"


@pytest.mark.proof  # not run since SELinux is on
def test_wrong_user_data_is_in_status_and_journal_and_takes_no_time(spare: Machine) -> None:
    """On a node that can be asked: the same reason everywhere, and the API as soon as before.

    It is the node's second boot with these sources, so its settings are there and the admin
    container runs; the mark that user data was taken in is what is taken away.
    """
    normal = answered_at(spare.serial())
    overrides = f"cat > {PRIVATE}/user-data-overrides.toml"
    assert spare.admin("sheltie", "-c", overrides, stdin=WRONG).status == 0
    document = f"{PRIVATE}/store/settings-1.json"
    kept = json.loads(spare.host(f"cat {document}").out)
    assert kept.pop("user_data") is True
    text = json.dumps(kept)
    assert spare.admin("sheltie", "-c", f"cat > {document} && sync", stdin=text).status == 0
    mark = spare.mark()
    assert spare.admin("apiclient", "reboot").status == 0
    spare.hang_up()
    spare.wait_ready(mark)
    said = spare.wait_serial("skyrocket: degraded", mark, seconds=10)
    assert answered_at(said) <= normal + LATER_SECONDS
    status = json.loads(spare.admin("apiclient", "raw", "-u", "/status").out)
    (reason,) = status["reasons"]
    assert status["degraded"]
    assert all(mistake in reason for mistake in MISTAKES)
    assert f"skyrocket: {reason}" in "".join(serial.clean(said))
    journal = spare.host("journalctl --boot --unit=skyrocket-boot --output=cat").out
    assert reason in journal
    assert spare.get("settings.motd")["settings"] == {"motd": "from the disc"}


@pytest.mark.proof  # not run since SELinux is on
def test_wrong_user_data_is_said_and_the_node_answers_with_defaults(rack: Rack) -> None:
    """Every mistake is on the console with its source, key and reason; nothing of it is taken."""
    node = rack.start(rack.order("wrong", user_data=WRONG))
    said = node.wait_serial("skyrocket: degraded", seconds=10)
    reason = next(line for line in said.splitlines() if "cannot use user data" in line)
    assert reason.startswith("skyrocket: cannot use user data user-data on /dev/")
    assert all(mistake in reason for mistake in MISTAKES)
    assert not ssh.wait(node.node, 0), "the admin container came from refused user data"
    assert "skyrocket: ready version=" in said, "the API does not answer"
