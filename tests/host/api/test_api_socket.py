import configparser
from pathlib import Path

from skyrocket.host.api import main

AGENT = Path(__file__).parents[3] / "packages/agent"


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(AGENT / "units" / name)
    return parser


def test_systemd_keeps_the_socket_at_the_place_and_for_the_group_of_the_contract():
    """A socket the API made itself would be a new one at each restart, and dead in containers."""
    section = unit("skyrocket-api.socket")["Socket"]
    assert section["ListenStream"] == main.SOCKET
    assert (section["SocketMode"], section["SocketGroup"]) == ("0660", "api")


def test_the_api_starts_with_its_socket_and_waits_for_the_settings_itself():
    """Ordered after the boot it would import its modules only when the boot is over."""
    section = unit("skyrocket-api.service")["Unit"]
    wanted = {"skyrocket-boot.service", "skyrocket-api.socket"}
    assert wanted == set(section["Requires"].split())
    assert section["After"].split() == ["skyrocket-api.socket"]
    assert '"skyrocket-api.socket"' in (AGENT / "package.toml").read_text()


def test_the_api_gives_up_when_the_boot_leaves_no_settings(tmp_path):
    assert main.main([], str(tmp_path / "never"), 0.02) == 1
