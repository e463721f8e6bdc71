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

    Without that word the resolver would ask both, and take whichever answers first. Its own part is
    there without settings too, as in the image: on a reload the resolver keeps domains that no line
    takes back.
    """
    dns = dns or Dns()
    said = {"DNS": " ".join(dns.name_servers or []), "Domains": " ".join(dns.search_list or [])}
    lines = [f"{key}={value}\n" for key, value in said.items()]
    files = [File(_RESOLVER, "".join([_HEAD, "[Resolve]\n", *lines]).encode())]
    ignored = "".join(f"Use{key}=no\n" for key, value in said.items() if value)
    if ignored:
        links = _HEAD + "\n".join(f"[{source}]\n{ignored}" for source in _SOURCES)
        files.append(File(_LINKS, links.encode()))
    return Rendered(tuple(files))


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
