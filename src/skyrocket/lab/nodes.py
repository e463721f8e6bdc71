"""The nodes that this machine knows, one folder each; what a folder says survives everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from skyrocket.lab import process
from skyrocket.lab.errors import NodeError
from skyrocket.models.node import Node, valid_name

if TYPE_CHECKING:
    from pathlib import Path


class Home(NamedTuple):
    """The files of one node."""

    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "node.json"

    @property
    def disk(self) -> Path:
        return self.folder / "disk.qcow2"

    @property
    def serial(self) -> Path:
        return self.folder / "serial.log"

    @property
    def socket(self) -> Path:
        return self.folder / "qmp.sock"

    @property
    def key(self) -> Path:
        return self.folder / "ssh_key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def user_data(self) -> Path:
        return self.folder / "user-data.toml"

    @property
    def seed(self) -> Path:
        return self.folder / "seed.img"

    @property
    def firmware_vars(self) -> Path:
        return self.folder / "vars.fd"

    @property
    def qemu_log(self) -> Path:
        return self.folder / "qemu.log"

    @property
    def registry_log(self) -> Path:
        return self.folder / "registry.log"


def home(nodes: Path, name: str) -> Home:
    """Where node NAME lives; raises NodeError for a name that could not be a host's."""
    if not valid_name(name):
        hint = "use lower case letters, digits and inner dashes, at most 40"
        raise NodeError(f"cannot use node name {name!r}: it could not be a host name", hint)
    return Home(nodes / name)


def read(place: Home) -> Node | None:
    """The node as its folder remembers it; None when there is none or it is unreadable."""
    try:
        return msgspec.json.decode(place.record.read_bytes(), type=Node)
    except (OSError, msgspec.DecodeError):
        return None


def get(nodes: Path, name: str) -> tuple[Home, Node]:
    """A node that must be there."""
    place = home(nodes, name)
    node = read(place)
    if node is None:
        known = ", ".join(each.name for each in everyone(nodes)) or "none"
        raise NodeError(f"cannot find node {name}: the nodes here are: {known}", "./skyrocket run")
    return place, node


def write(place: Home, node: Node) -> None:
    """Remember NODE, whole or not at all."""
    place.folder.mkdir(parents=True, exist_ok=True)
    part = place.record.with_suffix(".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(node)) + b"\n")
    part.replace(place.record)


def everyone(nodes: Path) -> list[Node]:
    """All nodes, by name."""
    if not nodes.is_dir():
        return []
    found = [read(Home(folder)) for folder in sorted(nodes.iterdir()) if folder.is_dir()]
    return [node for node in found if node is not None]


def runs(node: Node) -> bool:
    return process.alive(node.qemu)


def ports_in_use(nodes: Path, but: str) -> frozenset[int]:
    """Ports that other nodes may want again; node BUT does not count."""
    others = [node for node in everyone(nodes) if node.name != but]
    return frozenset(
        port for node in others for port in (node.ssh_port, node.demo_port, node.registry_port)
    )
