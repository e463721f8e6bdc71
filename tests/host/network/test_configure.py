import pytest
from fakes.golden import expected

from skyrocket.host.network import configure, links, sources
from skyrocket.models import net_config

FILES = {
    "dhcp": """
version = 1
[eth0]
dhcp4 = true
dhcp6 = {enabled = true, optional = true}
[eth1]
dhcp4 = {enabled = true, route-metric = 500, optional = true}
[eth2]
dhcp4 = false
""",
    "static": """
version = 2
[eth0]
static4 = {addresses = ["10.0.0.9/24", "10.0.0.10/24"]}
static6 = {addresses = ["fd00::9/64"]}
[[eth0.route]]
to = "default"
via = "10.0.0.1"
route-metric = 10
[[eth0.route]]
to = "default"
via = "fd00::1"
[[eth0.route]]
to = "192.0.2.0/24"
from = "10.0.0.10"
via = "10.0.0.2"
[eth1]
static6 = {addresses = ["fd01::9/64"]}
[[eth1.route]]
to = "default"
""",
    "virtual": """
version = 3
["0E:D4:a1:00:00:01"]
dhcp4 = true
[bond0]
kind = "bond"
mode = "active-backup"
interfaces = ["eth1", "eth2"]
min-links = 1
dhcp4 = true
monitoring = {arpmon-interval-ms = 100, arpmon-validate = "all", arpmon-targets = ["10.0.0.1"]}
[bond1]
kind = "bond"
mode = "active-backup"
interfaces = ["eth3"]
[bond1.monitoring]
miimon-frequency-ms = 100
miimon-updelay-ms = 200
miimon-downdelay-ms = 300
[vlan7]
kind = "VLAN"
device = "bond0"
id = 7
dhcp6 = true
[vlan8]
kind = "vlan"
device = "eth4"
id = 8
""",
}
OVER, OWN = sources.FILES
GOOD = b"version = 1\n[eth0]\ndhcp4 = true\n"
STATIC = b"version = 2\n[eth5]\nstatic4 = {addresses = ['10.0.0.9/24']}\n"
TOLD = f"reload {configure.NETWORKD}"


class Host:
    """A node's files in a dictionary, and what was done to them."""

    def __init__(self, **files):
        self.files, self.done = dict(files), []

    def read(self, path):
        return self.files.get(path)

    def below(self, folder):
        return sorted(path for path in self.files if path.startswith(f"{folder}/"))

    def write(self, path, content):
        self.files[path] = content
        self.done.append(f"write {path.rpartition('/')[2]}")

    def link(self, path, target):
        self.files[path] = target
        self.done.append(f"link {path.rpartition('/')[2]} {target}")

    def remove(self, path):
        del self.files[path]
        self.done.append(f"remove {path.rpartition('/')[2]}")

    def reload(self, unit):
        self.done.append(f"reload {unit}")


@pytest.fixture
def host():
    return Host()


@pytest.mark.parametrize("name", FILES)
def test_a_configuration_becomes_exactly_these_files(name):
    config = net_config.parse(FILES[name].encode())
    text = "".join(f"=== {f.path}\n{f.content.decode()}" for f in links.files(config))
    assert expected(f"network/{name}.txt", text) == text


def test_nothing_is_touched_where_nobody_says_anything(host):
    report = configure.run(host, "quiet")
    assert (report.source, report.degraded, host.done) == ("", [], [])


def test_a_configuration_comes_changes_and_goes(host):
    """Each time networkd is told once, and settings keep their way into each link's file."""
    host.files[OWN] = GOOD
    report = configure.run(host, "")
    assert (report.source, report.primary) == (OWN, "eth0")
    came = ["write 80-dhcp.network", "write 10-eth0.network"]
    assert host.done == [*came, "link 10-eth0.network.d 80-dhcp.network.d", TOLD]
    host.done.clear()
    configure.run(host, "")
    assert host.done == []
    host.files[OWN] = STATIC
    configure.run(host, "")
    assert host.done == [
        "write 10-eth5.network",
        "link 10-eth5.network.d 80-dhcp.network.d",
        "remove 10-eth0.network",
        "remove 10-eth0.network.d",
        TOLD,
    ]
    host.done.clear()
    del host.files[OWN]
    configure.run(host, "")
    assert host.done[-1] == TOLD
    assert host.files == {}


def test_files_of_the_settings_are_not_ours(host):
    """What `settings.dns` writes beside our files stays."""
    theirs = f"{links.FOLDER}/80-dhcp.network.d/90-settings.conf"
    host.files |= {theirs: b"", OWN: GOOD}
    configure.run(host, "")
    del host.files[OWN]
    configure.run(host, "")
    assert host.files == {theirs: b""}


def test_the_override_wins_over_the_file_and_the_file_over_the_kernel_argument(host):
    argument = f"quiet {sources.ARGUMENT}=eth9:dhcp4,dhcp6?"
    assert sources.choose(host.read, argument).config.primary == "eth9"
    host.files[OWN] = GOOD
    assert sources.choose(host.read, argument).source == OWN
    host.files[OVER] = STATIC
    assert sources.choose(host.read, argument).source == OVER


def test_a_wrong_source_is_said_and_the_next_one_counts(host, capsys):
    """A node with another network than it should have can be reached and mended."""
    host.files |= {OVER: b"version = 3\n[eth0]\ndhcp5 = 1", OWN: GOOD}
    report = configure.run(host, "")
    assert report.source == OWN
    assert f"cannot use network configuration {OVER}: unknown field `dhcp5`" in report.degraded[0]
    assert report.degraded[0] in capsys.readouterr().err


@pytest.mark.parametrize("word", ["", "eth0", "eth0:dhcp5", "eth0:dhcp4,"])
def test_a_kernel_argument_that_means_nothing_leaves_dhcp(host, word):
    """Without a family of addresses the link gets none, as upstream has it; that is no mistake."""
    chosen = sources.choose(host.read, f"{sources.ARGUMENT}={word}")
    if word == "eth0":
        assert not chosen.config.interfaces["eth0"].asks4()
    else:
        assert chosen.config is None
        assert f"cannot use kernel argument {sources.ARGUMENT}={word}" in chosen.troubles[0]


def test_what_the_node_refuses_is_reported_and_ends_nothing():
    class FullHost(Host):
        def write(self, path, content):
            raise OSError(28, "No space left on device")

    report = configure.run(FullHost(**{OWN: GOOD}), "")
    assert "No space left on device" in report.degraded[0]
