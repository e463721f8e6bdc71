"""Group `dns`: which servers answer for names, instead of those that the network names."""

from typing import Annotated

from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    says,
)
from skyrocket.models.settings.scalars import IpAddress, ValidLinuxHostname

_RESOLVER = "/etc/systemd/resolved.conf.d/90-settings.conf"
_LINKS = "/etc/systemd/network/80-dhcp.network.d/90-settings.conf"
_HEAD = "# Written from the settings; change settings.dns instead.\n"
_SOURCES = ("DHCPv4", "DHCPv6", "IPv6AcceptRA")


class Dns(Model, frozen=True):
    name_servers: Annotated[
        list[IpAddress] | None, says("Servers to ask for names", unset="from DHCP")
    ] = None
    search_list: Annotated[
        list[ValidLinuxHostname] | None,
        says("Domains in which short names are looked for", unset="from DHCP"),
    ] = None


def render(dns: Dns | None) -> Rendered:
    """The resolver's part, and a word to each link that what the network says does not count.

    Without that word the resolver would ask both, and take whichever answers first.
    """
    dns = dns or Dns()
    said = {"DNS": " ".join(dns.name_servers or []), "Domains": " ".join(dns.search_list or [])}
    taken = {key: value for key, value in said.items() if value}
    if not taken:
        return Rendered()
    lines = [f"{key}={value}\n" for key, value in taken.items()]
    resolver = "".join([_HEAD, "[Resolve]\n", *lines])
    ignored = "".join(f"Use{key}=no\n" for key in taken)
    links = _HEAD + "\n".join(f"[{source}]\n{ignored}" for source in _SOURCES)
    return Rendered((File(_RESOLVER, resolver.encode()), File(_LINKS, links.encode())))


GROUP = Group(
    name="dns",
    about="Which servers answer for names.",
    model=Dns,
    effects={
        "": Effect(
            does="whom the node's resolver asks, for the node and all containers",
            reach="works",
            packages=("network",),
        )
    },
    render=render,
    services={"dns": ("resolver", "links")},
    files={
        "resolver": ConfigFile(path=_RESOLVER, reloads=("systemd-resolved.service",)),
        "links": ConfigFile(path=_LINKS, reloads=("systemd-networkd.service",)),
    },
)
