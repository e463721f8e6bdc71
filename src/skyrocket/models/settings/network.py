"""Group `network`: the node's name, its hosts file and the proxy its services use."""

import zlib
from typing import Annotated

from msgspec import Meta

from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    Facts,
    File,
    Generator,
    Group,
    Model,
    Rendered,
    says,
)
from skyrocket.models.settings.scalars import (
    IpAddress,
    Patterned,
    SingleLineString,
    Url,
    ValidLinuxHostname,
)

_PROXY = "/etc/network/proxy.env"
_OWN_HOSTS = "127.0.0.1 localhost localhost.localdomain localhost4 localhost4.localdomain4"
_OWN_HOSTS6 = "::1 localhost localhost.localdomain localhost6 localhost6.localdomain6"


class InterfaceName(Patterned):
    """The name of a network interface: 1 to 15 characters, no blank, '/' or ':'."""

    __slots__ = ()
    pattern = r"(?!\.{1,2}$)[!-.0-9;-~]{1,15}"
    rule = "is no name of a network interface such as eth0"


class Network(Model, frozen=True):
    hostname: Annotated[
        ValidLinuxHostname | None,
        Meta(description="Name of the node; made from the machine id when nobody gives one"),
    ] = None
    hosts: Annotated[
        list[tuple[IpAddress, list[ValidLinuxHostname]]] | None,
        Meta(description="Lines for /etc/hosts: pairs of an address and a list of names"),
    ] = None
    https_proxy: Annotated[
        Url | None, Meta(description="Proxy for what leaves the node over https")
    ] = None
    no_proxy: Annotated[
        list[SingleLineString] | None, Meta(description="Hosts that are reached without the proxy")
    ] = None
    disable_ipv6: Annotated[
        list[InterfaceName] | None, says("Interfaces that get no IPv6 addresses")
    ] = None


def render(network: Network | None) -> Rendered:
    network = network or Network()
    name = network.hostname or "localhost"
    files = [
        File("/etc/hostname", f"{name}\n".encode()),
        File("/etc/hosts", _hosts(network, name).encode()),
    ]
    if network.https_proxy or network.no_proxy:
        files.append(File(_PROXY, _proxy(network).encode(), 0o600))
    return Rendered(tuple(files))


def _proxy(network: Network) -> str:
    """An environment file; programs disagree about the case of these names, so both are given."""
    variables = {"NO_PROXY": ",".join([*(network.no_proxy or []), "localhost", "127.0.0.1"])}
    if network.https_proxy:
        variables["HTTPS_PROXY"] = network.https_proxy
    return "".join(
        f"{key}={value}\n{key.lower()}={value}\n" for key, value in sorted(variables.items())
    )


def _hosts(network: Network, name: str) -> str:
    """Entries of one address are joined, in the order in which addresses first appear."""
    own = "" if name == "localhost" else f" {name}"
    entries: dict[str, list[str]] = {}
    for address, names in network.hosts or []:
        entries.setdefault(address, []).extend(names)
    lines = [_OWN_HOSTS + own, _OWN_HOSTS6 + own]
    lines += [" ".join([address, *names]) for address, names in entries.items()]
    return "".join(f"{line}\n" for line in lines)


def make_hostname(facts: Facts) -> str:
    """A name that stays the same and does not tell the machine id."""
    return f"node-{zlib.crc32(facts.machine_id.encode()):08x}"


_PROXIED = Effect(
    does="environment of the container runtimes, their pulls, the host containers and the updater",
    reach="works",
    restarts=("containerd.service", "host-containerd.service"),
)
GROUP = Group(
    name="network",
    about="The node's name, its hosts file and its proxy.",
    model=Network,
    effects={
        "hostname": Effect(does="the node's name, and its line in /etc/hosts", reach="works"),
        "hosts": Effect(does="lines of /etc/hosts", reach="works"),
        "https-proxy": _PROXIED,
        "no-proxy": _PROXIED,
        "disable-ipv6": Effect(does="IPv6 of single interfaces"),
    },
    render=render,
    services={"hostname": ("hostname",), "hosts": ("hosts",), "proxy": ("proxy-env",)},
    files={
        "hostname": ConfigFile(path="/etc/hostname", effect="hostname"),
        "hosts": ConfigFile(path="/etc/hosts"),
        "proxy-env": ConfigFile(
            path=_PROXY, restarts=("containerd.service", "host-containerd.service")
        ),
    },
    generators=(Generator(("network", "hostname"), "hostname from machine-id", make_hostname),),
)
