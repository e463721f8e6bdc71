import pytest

from skyrocket.models import net_config
from skyrocket.models.settings.mistakes import SettingsError

BOND = """
version = 3
[bond0]
kind = "bond"
mode = "active-backup"
interfaces = ["eth0", "eth1"]
dhcp4 = true
[bond0.monitoring]
miimon-frequency-ms = 100
miimon-updelay-ms = 200
miimon-downdelay-ms = 200
"""


def mistakes(text):
    try:
        net_config.parse(text.encode())
    except SettingsError as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("text", "primary"),
    [
        ("version = 1\n[eth0]\ndhcp4 = true\n[eth1]\ndhcp6 = true", "eth0"),
        ("version = 1\n[eth0]\ndhcp4 = true\n[eth1]\nprimary = true", "eth1"),
        ('version = 3\n["0e:d4:a1:00:00:01"]\ndhcp4 = {enabled = true}', "0e:d4:a1:00:00:01"),
        (BOND, "bond0"),
    ],
)
def test_one_interface_is_primary(text, primary):
    """The one that says so, else the first of the file."""
    assert net_config.parse(text.encode()).primary == primary


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "None is not 1, 2 or 3 at version"),
        ("version = true\n[eth0]", "True is not 1, 2 or 3"),
        ("version = 4\n[eth0]", "4 is not 1, 2 or 3"),
        ("version = 3", "no interface at net.toml"),
        ("version = 3\neth0 = 1", "invalid type"),
        ("version = 3\n[eth0", "net.toml"),
        ("version = 3\n[eth0]\ndhcp = true", "unknown field `dhcp`"),
        ("version = 3\n[eth0]\ndhcp4 = {enabled = true, metric = 1}", "metric"),
        ("version = 3\n[eth0]\ndhcp4 = 'yes'", "eth0.dhcp4"),
        ("version = 3\n[eth0]\ndhcp6 = {enabled = true, route-metric = 1}", "route-metric"),
        ("version = 1\n[eth0.static4]\naddresses = ['10.0.0.1/8']", "`static4` needs version 2"),
        ("version = 2\n[v]\nkind = 'vlan'\ndevice = 'eth0'\nid = 1", "`kind` needs version 3"),
        ('version = 2\n["0e:d4:a1:00:00:01"]\ndhcp4 = true', "a MAC address needs version 3"),
        (
            'version = 3\n["0e:d4:a1:00:00:01"]\n["0E:d4:a1:00:00:01"]',
            "one MAC address twice",
        ),
        ("version = 3\n['eth*']\ndhcp4 = true", "no name of an interface"),
        ("version = 3\n['a/../b']\ndhcp4 = true", "no name of an interface"),
        ("version = 3\n['eth0\\nName=eth1']\ndhcp4 = true", "no name of an interface"),
        ("version = 3\n[eth0]\nprimary = true\n[eth1]\nprimary = true", "several are primary"),
        (
            "version = 3\n[eth0]\ndhcp4 = true\nstatic4 = {addresses = ['10.0.0.1/8']}",
            "`static4` and `dhcp4` exclude each other",
        ),
        ("version = 3\n[eth0]\nstatic4 = {addresses = ['10.0.0.1']}", "with its prefix"),
        ("version = 3\n[eth0]\nstatic4 = {addresses = ['10.0.0.1/33']}", "with its prefix"),
        ("version = 3\n[eth0]\nstatic4 = {addresses = ['fd00::1/64']}", "no IPv4 address"),
        ("version = 3\n[eth0]\nstatic6 = {addresses = []}", "no address"),
        ("version = 3\n[[eth0.route]]\nto = 'all'", "is not `default` or a network"),
        ("version = 3\n[[eth0.route]]\nto = '10.0.0.0/8'\nvia = 'fd00::1'", "IPv4 and IPv6"),
        ("version = 3\n[[eth0.route]]\nvia = '10.0.0.1'", "missing field `to`"),
        ("version = 3\n[eth0]\nid = 4", "`id` needs kind vlan"),
        ("version = 3\n[v]\nkind = 'vlan'\nid = 4", "a vlan needs `device`"),
        ("version = 3\n[v]\nkind = 'vlan'\ndevice = 'eth0'\nid = 4095", "v.id"),
        ("version = 3\n['v.1']\nkind = 'vlan'\ndevice = 'eth0'\nid = 4", "no name for a vlan"),
        (BOND.replace("active-backup", "802.3ad"), "bond0.mode"),
        (BOND.replace('["eth0", "eth1"]', "[]"), "no interface at bond0.interfaces"),
        (BOND.replace("miimon-updelay-ms = 200", ""), "it needs all of miimon"),
        (BOND + "arpmon-interval-ms = 1", "exclude each other"),
        (BOND + "[eth1]\ndhcp4 = true", "it belongs to bond0"),
        (BOND.replace("dhcp4", "min-links = 3\ndhcp4"), "more links than"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, reason):
    assert reason in "; ".join(mistakes(text))


def test_all_mistakes_are_said_at_once():
    text = "version = 1\n[eth0]\ndhcp = 1\nprimary = 2\n[eth1.static4]\naddresses = []"
    assert len(mistakes(text)) == 3


@pytest.mark.parametrize("raw", [b"\xff", b"a = " + b"[" * 9999, b"#" * 300_000])
def test_bytes_that_are_no_toml_are_a_mistake(raw):
    with pytest.raises(SettingsError):
        net_config.parse(raw)


def test_arp_monitoring_is_the_other_way():
    arp = 'arpmon-interval-ms = 100\narpmon-validate = "all"\narpmon-targets = ["10.0.0.1"]\n'
    text = BOND.partition("miimon")[0] + arp
    assert mistakes(text) == []
    assert "no IPv4 address" in mistakes(text.replace("10.0.0.1", "x"))[0]
