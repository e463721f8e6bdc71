"""A node's own network configuration, given to it and taken away while it runs, and kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from skyrocket.lab import ssh
from skyrocket.lab.user_data import GATEWAY

if TYPE_CHECKING:
    from boot.machine import Answer, Machine

pytestmark = pytest.mark.boot

WINDOW = 30
"""Seconds; long enough to see that the node is away."""
OWN = "/var/lib/bottlerocket/net.toml"
# The address that QEMU's network forwards ports to; by DHCP the node would have it as well.
STATIC = f"""
version = 3

[eth0]
primary = true
static4 = {{ addresses = ["10.0.2.15/24", "10.0.2.77/24"] }}

[[eth0.route]]
to = "default"
via = "{GATEWAY}"

[lan]
kind = "vlan"
device = "eth0"
id = 7
static4 = {{ addresses = ["192.0.2.1/24"] }}
"""


def configure(node: Machine, text: str) -> Answer:
    return node.admin("apiclient", "network", "configure", "-", stdin=text)


def addresses(node: Machine, link: str) -> list[str]:
    """The IPv4 addresses of LINK, `dynamic` behind those that DHCP gave."""
    lines = node.admin("ip", "-o", "-4", "addr", "show", "dev", link).out.splitlines()
    return [f"{line.split()[3]}{' dynamic' * ('dynamic' in line)}" for line in lines]


def test_a_wrong_configuration_is_refused_with_every_mistake(spare: Machine) -> None:
    """Nothing is kept and nothing changes."""
    refused = configure(spare, "version = 3\n[eth0]\ndhcp5 = true\nstatic4 = 1\n")
    assert refused.status == 1
    assert "unknown field `dhcp5`" in refused.err
    assert "eth0.static4" in refused.err
    assert addresses(spare, "eth0") == ["10.0.2.15/24 dynamic"]
    assert spare.host(f"ls {OWN}").status != 0


def test_static_addresses_and_a_vlan_come_at_once_stay_over_a_boot_and_go(spare: Machine) -> None:
    """networkd follows without a restart; a boot has them before it asks anybody for others."""
    wanted = ["10.0.2.15/24", "10.0.2.77/24"]
    pid = "systemctl show systemd-networkd --property=MainPID"
    before = spare.host(pid).out
    assert configure(spare, STATIC).status == 0
    spare.wait("static addresses", lambda: sorted(addresses(spare, "eth0")) == wanted)
    spare.wait("the VLAN", lambda: addresses(spare, "lan") == ["192.0.2.1/24"])
    assert before == spare.host(pid).out
    assert "id 7" in spare.admin("ip", "-d", "link", "show", "lan").out

    mark = spare.mark()
    assert spare.admin("apiclient", "reboot").status == 0
    spare.hang_up()
    spare.wait_ready(mark)
    assert sorted(addresses(spare, "eth0")) == wanted
    leases = "journalctl -b --no-pager -o cat -u systemd-networkd"
    assert "DHCPv4 address" not in spare.host(leases).out
    assert '"primary":"eth0"' in spare.host("cat /run/skyrocket/network.json").out
    assert spare.host("systemctl --failed --no-legend --plain").out.strip() == ""

    # Typed and gone within a moment: the line under this very command is cut and comes back.
    spare.host(f"rm {OWN}; sync")
    spare.hang_up()
    deadline = time.monotonic() + 60
    while addresses(spare, "eth0") != ["10.0.2.15/24 dynamic"]:
        assert time.monotonic() < deadline, "no address by DHCP"


@pytest.mark.proof  # no run has ended yet
def test_a_network_that_cuts_its_author_off_goes_back_by_itself(spare: Machine) -> None:
    """The node has another address than the one that is reached, until the time is over."""
    away = STATIC.replace('["10.0.2.15/24", "10.0.2.77/24"]', '["10.0.2.99/24"]')
    command = ("apiclient", "network", "configure", "-", "--confirm-within", f"{WINDOW}s")
    began = time.monotonic()
    assert spare.admin(*command, stdin=away).status == 0
    spare.hang_up()
    assert not ssh.wait(spare.node, WINDOW / 2), "the node is still where it was"
    assert ssh.wait(spare.node, WINDOW + 90), "the node did not come back"
    assert time.monotonic() - began >= WINDOW
    assert addresses(spare, "eth0") == ["10.0.2.15/24 dynamic"]
    journal = spare.host("journalctl -b --no-pager -o cat -u skyrocket-api").out
    assert "the change of net.toml goes back" in journal
    assert spare.host(f"ls {OWN}").status != 0
    assert spare.admin("apiclient", "raw", "-u", "/trial").out.strip() == "{}"


def test_a_wrong_override_degrades_the_node_and_leaves_it_reachable(spare: Machine) -> None:
    """The reason is in the status, and the API does not write below what would win."""
    text = "version = 3\n[eth0]\ndhcp5 = true\n"
    script = "mkdir -p /var/lib/netdog && cat > /var/lib/netdog/net.toml"
    assert spare.admin("sheltie", "-c", script, stdin=text).status == 0
    status = ("apiclient", "raw", "-u", "/status")
    spare.wait("reason", lambda: "unknown field `dhcp5`" in spare.admin(*status).out)
    refused = configure(spare, STATIC)
    assert refused.status == 1
    assert "/var/lib/netdog/net.toml is there and wins" in refused.err
    assert spare.host("rm -r /var/lib/netdog").status == 0
    spare.wait("good status", lambda: '"degraded":false' in spare.admin(*status).out)
