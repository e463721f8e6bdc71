"""The verb `network`: from net.toml to networkd's files, at boot and whenever net.toml changes.

A boot runs it before networkd, and only where there is a configuration; afterwards systemd does
whenever a file of it changes, and networkd is told to read its files again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from skyrocket.host.network import links, sources
from skyrocket.host.system import files, journal, systemd
from skyrocket.host.system.text import text_in
from skyrocket.models.api import NetworkReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.models.settings.group import File

OUTCOME = "/run/skyrocket/network.json"
NETWORKD = "systemd-networkd.service"
_OURS = f"{links.FOLDER}/10-"
_ADDITIONS = "80-dhcp.network.d"
"""What settings add to a link's file; each file of ours has a link to that folder."""


class Host(Protocol):
    """The doors this room goes through."""

    def read(self, path: str) -> bytes | None: ...
    def below(self, folder: str) -> list[str]: ...
    def write(self, path: str, content: bytes) -> None: ...
    def link(self, path: str, target: str) -> None: ...
    def remove(self, path: str) -> None: ...
    def reload(self, unit: str) -> None: ...


class RealHost:
    """This node."""

    def read(self, path: str) -> bytes | None:
        return files.read(path)

    def below(self, folder: str) -> list[str]:
        return [f"{folder}/{name}" for name in sorted(files.names(folder))]

    def write(self, path: str, content: bytes) -> None:
        files.replace(path, content)

    def link(self, path: str, target: str) -> None:
        files.make_link(path, target)

    def remove(self, path: str) -> None:
        files.remove(path)

    def reload(self, unit: str) -> None:
        systemd.change("try-reload-or-restart", [unit])


class Changes(msgspec.Struct, frozen=True):
    """What is to be done to networkd's folder."""

    write: tuple[tuple[str, bytes], ...] = ()
    link: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.write or self.link or self.remove)


def main(_argv: list[str]) -> int:
    report = run(RealHost(), text_in("/proc/cmdline"))
    files.replace(OUTCOME, msgspec.json.encode(report) + b"\n")
    return 0


def run(host: Host, command_line: str) -> NetworkReport:
    """Bring networkd's files in line with the configuration that counts; troubles are reported."""
    chosen = sources.choose(host.read, command_line)
    troubles = list(chosen.troubles)
    config = chosen.config
    wanted = links.files(config) if config else []
    try:
        changes = decide(wanted, links.drop_ins(config) if config else [], host)
        do(changes, host)
    except Exception as error:  # noqa: BLE001  (whatever a file system or systemd says)
        troubles.append(f"cannot apply the network configuration: {error}")
    for trouble in troubles:
        journal.error(trouble)
    journal.info(f"network configuration: {chosen.source or 'none, every link asks by DHCP'}")
    return NetworkReport(chosen.source, config.primary if config else "", troubles)


def decide(wanted: Sequence[File], drop_ins: Sequence[str], host: Host) -> Changes:
    """Compare with what is there; reads, changes nothing."""
    there = {path for path in host.below(links.FOLDER) if _is_ours(path)}
    kept = {*drop_ins, *(file.path for file in wanted)}
    return Changes(
        tuple((f.path, f.content) for f in wanted if host.read(f.path) != f.content),
        tuple(path for path in drop_ins if path not in there),
        tuple(sorted(there - kept)),
    )


def _is_ours(path: str) -> bool:
    return path.startswith(_OURS) or path == links.EVERYBODY


def do(changes: Changes, host: Host) -> None:
    """Carry CHANGES out."""
    for path, content in changes.write:
        host.write(path, content)
    for path in changes.link:
        host.link(path, _ADDITIONS)
    for path in changes.remove:
        host.remove(path)
    if changes:
        host.reload(NETWORKD)
