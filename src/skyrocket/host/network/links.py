"""From a network configuration to networkd's files. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.models import net_config
from skyrocket.models.net_config import Dhcp4, Dhcp6
from skyrocket.models.settings.group import File

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skyrocket.models.net_config import Interface, NetConfig, Route

    Section = tuple[str, list[str]]

FOLDER = "/etc/systemd/network"
EVERYBODY = f"{FOLDER}/80-dhcp.network"
"""What the image says of links nobody named: DHCP. With a configuration, those get nothing."""
_HEAD = "# Written from net.toml; change that instead.\n"


def files(config: NetConfig) -> list[File]:
    """Everything that networkd needs for CONFIG."""
    found = [File(EVERYBODY, b"")]
    found += _of_others(config)
    for name, interface in config.interfaces.items():
        if interface.kind == "bond":
            found.append(_file(name, "netdev", _bond(name, interface)))
        elif interface.kind:
            found.append(_file(name, "netdev", _vlan(name, interface)))
        found.append(_file(name, "network", _network(name, interface, config)))
    return found


def drop_ins(config: NetConfig) -> list[str]:
    """Folders of what is added to each link's file: what is added to `80-dhcp.network` holds."""
    return [f"{FOLDER}/{_stem(name)}.network.d" for name in config.interfaces]


def _stem(name: str) -> str:
    return f"10-{name.replace(':', '').lower()}"


def _file(name: str, kind: str, sections: Iterable[Section]) -> File:
    text = "\n".join(f"[{title}]\n" + "".join(f"{x}\n" for x in lines) for title, lines in sections)
    return File(f"{FOLDER}/{_stem(name)}.{kind}", (_HEAD + text).encode())


def _of_others(config: NetConfig) -> Iterator[File]:
    """Links that the configuration names in passing: a bond's members, a VLAN's device."""
    for name, interface in config.interfaces.items():
        for member in interface.interfaces or ():
            lines = [f"Bond={name}", "LinkLocalAddressing=no"]
            yield _file(member, "network", [("Match", [f"Name={member}"]), ("Network", lines)])
    devices = [i.device for i in config.interfaces.values() if i.device]
    for device in dict.fromkeys(devices):
        if device not in config.interfaces:
            lines = ["LinkLocalAddressing=no", *_vlans_on(device, config)]
            yield _file(device, "network", [("Match", [f"Name={device}"]), ("Network", lines)])


def _vlans_on(name: str, config: NetConfig) -> list[str]:
    return [f"VLAN={vlan}" for vlan, said in config.interfaces.items() if said.device == name]


def _network(name: str, interface: Interface, config: NetConfig) -> Iterator[Section]:
    by = "PermanentMACAddress" if net_config.is_mac(name) else "Name"
    yield "Match", [f"{by}={name}"]
    yield "Link", _online(interface)
    asked = (interface.asks4(), interface.asks6())
    dhcp = {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6"}.get(asked, "no")
    statics = [each.addresses for each in (interface.static4, interface.static6) if each]
    addresses = [f"Address={address}" for some in statics for address in some]
    # Router advertisements tell how DHCP is to be asked, and are no reason for an address alone.
    heard = "yes" if interface.asks6() else "no"
    lines = [f"DHCP={dhcp}", f"IPv6AcceptRA={heard}", "LinkLocalAddressing=ipv6"]
    yield "Network", [*lines, *addresses, *_vlans_on(name, config)]
    if interface.asks4():
        metric = interface.dhcp4.route_metric if isinstance(interface.dhcp4, Dhcp4) else None
        more = [f"RouteMetric={metric}"] if metric is not None else []
        lines = ["ClientIdentifier=mac", "UseHostname=no", "UseDomains=yes", "UseMTU=yes"]
        yield "DHCPv4", [*lines, *more]
    if interface.asks6():
        yield "DHCPv6", ["UseHostname=no", "UseDomains=yes"]
        yield "IPv6AcceptRA", ["UseDomains=yes"]
    for route in interface.route or ():
        yield "Route", _route(route, interface)


def _online(interface: Interface) -> list[str]:
    """What the node waits for before it counts as online: every address that is not optional."""
    optional4 = isinstance(interface.dhcp4, Dhcp4) and bool(interface.dhcp4.optional)
    optional6 = isinstance(interface.dhcp6, Dhcp6) and bool(interface.dhcp6.optional)
    needed = (
        bool(interface.static4) or (interface.asks4() and not optional4),
        bool(interface.static6) or (interface.asks6() and not optional6),
    )
    families = {(True, True): "both", (True, False): "ipv4", (False, True): "ipv6"}
    if needed not in families:
        return ["RequiredForOnline=no"]
    return ["RequiredForOnline=yes", f"RequiredFamilyForOnline={families[needed]}"]


def _route(route: Route, interface: Interface) -> list[str]:
    to = route.to
    if to == "default":
        hint = route.via or route.source or ""
        six = net_config.family_of(hint) == 6 if hint else interface.static4 is None
        to = "::/0" if six else "0.0.0.0/0"
    said = {
        "Destination": to,
        "Gateway": route.via,
        "PreferredSource": route.source,
        "Metric": route.route_metric,
    }
    return [f"{key}={value}" for key, value in said.items() if value is not None]


def _bond(name: str, bond: Interface) -> Iterator[Section]:
    yield "NetDev", [f"Name={name}", "Kind=bond"]
    lines = [f"Mode={bond.mode}"]
    if bond.min_links is not None:
        lines.append(f"MinLinks={bond.min_links}")
    seen = bond.monitoring
    if seen and seen.arpmon_targets:
        lines += [
            f"ARPIntervalSec={seen.arpmon_interval_ms}ms",
            f"ARPValidate={seen.arpmon_validate}",
            f"ARPIPTargets={' '.join(seen.arpmon_targets)}",
        ]
    elif seen:
        lines += [
            f"MIIMonitorSec={seen.miimon_frequency_ms}ms",
            f"UpDelaySec={seen.miimon_updelay_ms}ms",
            f"DownDelaySec={seen.miimon_downdelay_ms}ms",
        ]
    yield "Bond", lines


def _vlan(name: str, vlan: Interface) -> Iterator[Section]:
    yield "NetDev", [f"Name={name}", "Kind=vlan"]
    yield "VLAN", [f"Id={vlan.id}"]
