"""A node's own network configuration, given to it and taken away while it runs, and kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from skyrocket.lab.user_data import GATEWAY

if TYPE_CHECKING:
    from boot.machine import Answer, Machine, Rack

pytestmark = pytest.mark.boot

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


@pytest.fixture(scope="module")
def lonely(rack: Rack) -> Machine:
    """A node of its own: who changes a network may lose the others' node."""
    return rack.start(rack.order("network", demo=False))


def configure(node: Machine, text: str) -> Answer:
    return node.admin("apiclient", "network", "configure", "-", stdin=text)


def addresses(node: Machine, link: str) -> list[str]:
    """The IPv4 addresses of LINK, `dynamic` behind those that DHCP gave."""
    lines = node.admin("ip", "-o", "-4", "addr", "show", "dev", link).out.splitlines()
    return [f"{line.split()[3]}{' dynamic' * ('dynamic' in line)}" for line in lines]


def test_a_wrong_configuration_is_refused_with_every_mistake(lonely: Machine) -> None:
    """Nothing is kept and nothing changes."""
    refused = configure(lonely, "version = 3\n[eth0]\ndhcp5 = true\nstatic4 = 1\n")
    assert refused.status == 1
    assert "unknown field `dhcp5`" in refused.err
    assert "eth0.static4" in refused.err
    assert addresses(lonely, "eth0") == ["10.0.2.15/24 dynamic"]
    assert lonely.host(f"ls {OWN}").status != 0


def test_static_addresses_and_a_vlan_come_at_once_stay_over_a_boot_and_go(lonely: Machine) -> None:
    """networkd follows without a restart; a boot has them before it asks anybody for others."""
    wanted = ["10.0.2.15/24", "10.0.2.77/24"]
    pid = "systemctl show systemd-networkd --property=MainPID"
    before = lonely.host(pid).out
    assert configure(lonely, STATIC).status == 0
    lonely.wait("static addresses", lambda: sorted(addresses(lonely, "eth0")) == wanted)
    lonely.wait("the VLAN", lambda: addresses(lonely, "lan") == ["192.0.2.1/24"])
    assert before == lonely.host(pid).out
    assert "id 7" in lonely.admin("ip", "-d", "link", "show", "lan").out

    mark = lonely.mark()
    assert lonely.admin("apiclient", "reboot").status == 0
    lonely.hang_up()
    lonely.wait_ready(mark)
    assert sorted(addresses(lonely, "eth0")) == wanted
    leases = "journalctl -b --no-pager -o cat -u systemd-networkd"
    assert "DHCPv4 address" not in lonely.host(leases).out
    assert '"primary":"eth0"' in lonely.host("cat /run/skyrocket/network.json").out
    assert lonely.host("systemctl --failed --no-legend --plain").out.strip() == ""

    # Typed and gone within a moment: the line under this very command is cut and comes back.
    lonely.host(f"rm {OWN}; sync")
    lonely.hang_up()
    deadline = time.monotonic() + 60
    while addresses(lonely, "eth0") != ["10.0.2.15/24 dynamic"]:
        assert time.monotonic() < deadline, "no address by DHCP"


def test_a_wrong_override_degrades_the_node_and_leaves_it_reachable(lonely: Machine) -> None:
    """The reason is in the status, and the API does not write below what would win."""
    text = "version = 3\n[eth0]\ndhcp5 = true\n"
    script = "mkdir -p /var/lib/netdog && cat > /var/lib/netdog/net.toml"
    assert lonely.admin("sheltie", "-c", script, stdin=text).status == 0
    status = ("apiclient", "raw", "-u", "/status")
    lonely.wait("reason", lambda: "unknown field `dhcp5`" in lonely.admin(*status).out)
    refused = configure(lonely, STATIC)
    assert refused.status == 1
    assert "/var/lib/netdog/net.toml is there and wins" in refused.err
    assert lonely.host("rm -r /var/lib/netdog").status == 0
    lonely.wait("good status", lambda: '"degraded":false' in lonely.admin(*status).out)
