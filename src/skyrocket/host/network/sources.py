"""Where a network configuration comes from: two files and the kernel's command line. Pure.

The first that is there counts. One that is wrong is passed over for the next, and said: a node
with another network than it should have can still be reached and mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from skyrocket.models import net_config
from skyrocket.models.settings.mistakes import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = ("/var/lib/netdog/net.toml", "/var/lib/bottlerocket/net.toml")
ARGUMENT = "netdog.default-interface"
_FAMILIES = ("dhcp4", "dhcp6")


class Chosen(Struct, frozen=True):
    """The configuration that counts, where it is from, and what is wrong with those before it."""

    config: net_config.NetConfig | None = None
    source: str = ""
    troubles: tuple[str, ...] = ()


def choose(read: Callable[[str], bytes | None], command_line: str) -> Chosen:
    """The first usable source; none at all is no trouble."""
    troubles: list[str] = []
    for path in FILES:
        try:
            raw = read(path)
            if raw is not None:
                return Chosen(net_config.parse(raw), path, tuple(troubles))
        except (OSError, SettingsError) as error:
            troubles.append(f"cannot use network configuration {path}: {error}")
    words = [word.partition("=")[2] for word in command_line.split() if _is_ours(word)]
    for word in words[-1:]:
        try:
            return Chosen(net_config.check(tree(word)), ARGUMENT, tuple(troubles))
        except SettingsError as error:
            troubles.append(f"cannot use kernel argument {ARGUMENT}={word}: {error}")
    return Chosen(troubles=tuple(troubles))


def _is_ours(word: str) -> bool:
    return word.startswith(f"{ARGUMENT}=")


def tree(word: str) -> dict[str, object]:
    """The configuration that `eth0:dhcp4,dhcp6?` stands for.

    >>> tree("eth0:dhcp4?")
    {'version': 1, 'eth0': {'dhcp4': {'enabled': True, 'optional': True}}}
    """
    name, _, rest = word.partition(":")
    table: dict[str, object] = {}
    for each in rest.split(",") if rest else ():
        family = each.removesuffix("?")
        table[family] = {"enabled": True, "optional": each.endswith("?")}
    return {"version": 1, name: table}
