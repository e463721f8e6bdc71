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


def test_the_api_starts_with_its_socket_once_settings_are_committed():
    section = unit("skyrocket-api.service")["Unit"]
    wanted = {"skyrocket-boot.service", "skyrocket-api.socket"}
    assert wanted == set(section["After"].split()) == set(section["Requires"].split())
    assert '"skyrocket-api.socket"' in (AGENT / "package.toml").read_text()
