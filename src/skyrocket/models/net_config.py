"""`net.toml`, versions 1 to 3: which links a node has, and how each gets its addresses. Pure.

Written by whoever provisions a machine, before there is an API to ask; so it is no setting. Keys
and rules are upstream's. What becomes of it on a node is not known here.
"""

import re
import socket
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from skyrocket.models.settings.group import Model
from skyrocket.models.settings.mistakes import Mistake, SettingsError, find

LARGEST = 256 * 1024  # bytes of a file
_MAC = re.compile("(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,15}")
_CIDR = re.compile("([0-9A-Fa-f.:]+)/([0-9]{1,3})")
_ARP_TARGETS = 16

Number = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class Dhcp4(Model, frozen=True):
    enabled: bool
    route_metric: Number | None = None
    optional: bool | None = None


class Dhcp6(Model, frozen=True):
    enabled: bool
    optional: bool | None = None


class Static(Model, frozen=True):
    addresses: list[str]


class Route(Model, frozen=True):
    to: str
    source: str | None = msgspec.field(default=None, name="from")
    via: str | None = None
    route_metric: Number | None = None


class Monitoring(Model, frozen=True):
    """How a bond sees that a link is down: by its carrier (the miimon keys) or by ARP."""

    miimon_frequency_ms: Number | None = None
    miimon_updelay_ms: Number | None = None
    miimon_downdelay_ms: Number | None = None
    arpmon_interval_ms: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    arpmon_validate: Literal["none", "active", "backup", "all"] | None = None
    arpmon_targets: list[str] | None = None


class Interface(Model, frozen=True):
    """One link; which keys it may have depends on version and KIND."""

    primary: bool | None = None
    dhcp4: bool | Dhcp4 | None = None
    dhcp6: bool | Dhcp6 | None = None
    static4: Static | None = None
    static6: Static | None = None
    route: list[Route] | None = None
    kind: Literal["bond", "vlan", "Vlan", "VLAN"] | None = None
    interfaces: list[str] | None = None
    mode: Literal["active-backup"] | None = None
    min_links: Number | None = None
    monitoring: Monitoring | None = None
    device: str | None = None
    id: Annotated[int, Meta(ge=0, le=4094)] | None = None

    def asks4(self) -> bool:
        """Whether it gets an IPv4 address by DHCP."""
        return self.dhcp4.enabled if isinstance(self.dhcp4, Dhcp4) else bool(self.dhcp4)

    def asks6(self) -> bool:
        """Whether it gets an IPv6 address by DHCP."""
        return self.dhcp6.enabled if isinstance(self.dhcp6, Dhcp6) else bool(self.dhcp6)


class NetConfig(msgspec.Struct, frozen=True):
    """A whole file, checked; interfaces by name or MAC address, in the file's order."""

    interfaces: dict[str, Interface]
    primary: str


_LATER = {2: ("static4", "static6", "route"), 3: ("kind",)}
_OF_KIND = {
    "bond": ("interfaces", "mode", "min-links", "monitoring"),
    "vlan": ("device", "id"),
}
_NEEDED = {"bond": ("interfaces", "mode", "monitoring"), "vlan": ("device", "id")}
_MIIMON = ("miimon-frequency-ms", "miimon-updelay-ms", "miimon-downdelay-ms")
_ARPMON = ("arpmon-interval-ms", "arpmon-validate", "arpmon-targets")


def parse(raw: bytes) -> NetConfig:
    """The configuration in RAW; raise SettingsError with every mistake in it."""
    import tomllib

    if len(raw) > LARGEST:
        raise SettingsError([Mistake.at("net.toml", f"over {LARGEST} bytes")])
    try:
        return check(tomllib.loads(raw.decode("utf-8")))
    except (ValueError, RecursionError) as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError([Mistake.at("net.toml", str(error))]) from error


def check(tree: dict[str, Any]) -> NetConfig:
    """TREE as a configuration; raise SettingsError with every mistake in it."""
    version = tree.get("version")
    if isinstance(version, bool) or version not in (1, 2, 3):
        raise SettingsError([Mistake.at("version", f"{version!r} is not 1, 2 or 3")])
    tables = {name: table for name, table in tree.items() if name != "version"}
    mistakes = [] if tables else [Mistake.at("net.toml", "no interface")]
    if len({name.lower() for name in tables if is_mac(name)}) < sum(map(is_mac, tables)):
        mistakes.append(Mistake.at("net.toml", "one MAC address twice"))
    for name, table in tables.items():
        mistakes += _misfits(name, table, version)
    if mistakes:
        raise SettingsError(mistakes)
    found = {name: msgspec.convert(table, Interface) for name, table in tables.items()}
    mistakes = [mistake for name in found for mistake in _wrong(name, found)]
    primaries = [name for name, interface in found.items() if interface.primary]
    if len(primaries) > 1:
        mistakes.append(Mistake.at("net.toml", f"several are primary: {', '.join(primaries)}"))
    if mistakes:
        raise SettingsError(mistakes)
    return NetConfig(found, primaries[0] if primaries else next(iter(found)))


def is_mac(name: str) -> bool:
    return _MAC.fullmatch(name) is not None


def _misfits(name: str, table: object, version: int) -> Iterator[Mistake]:
    """What does not fit the types, and keys that belong to another version or kind."""
    yield from _bad_name(name, version)
    yield from find(Interface, table, (name,))
    if not isinstance(table, dict):
        return
    kind = str(table.get("kind", "")).lower()
    wanted = {
        key: f"version {first}" for first, keys in _LATER.items() if version < first for key in keys
    }
    wanted |= {
        key: f"kind {each}" for each, keys in _OF_KIND.items() if kind != each for key in keys
    }
    for key in wanted.keys() & table.keys():
        yield Mistake.at(f"{name}.{key}", f"`{key}` needs {wanted[key]}")
    missing = [key for key in _NEEDED.get(kind, ()) if key not in table]
    yield from (Mistake.at(name, f"a {kind} needs `{key}`") for key in missing)
    if kind and (is_mac(name) or "." in name):
        yield Mistake.at(name, f"{name!r} is no name for a {kind}: it is made, not found")


def _bad_name(name: str, version: int) -> Iterator[Mistake]:
    if is_mac(name) and version < 3:
        yield Mistake.at(name, "a MAC address needs version 3")
    elif not is_mac(name) and not _NAME.fullmatch(name):
        yield Mistake.at(name, f"{name!r} is no name of an interface such as eth0")


def _wrong(name: str, all_of_them: dict[str, Interface]) -> Iterator[Mistake]:
    """What is wrong with an interface whose types are right."""
    interface = all_of_them[name]
    for family in (4, 6):
        yield from _addresses(name, interface, family)
    for number, route in enumerate(interface.route or ()):
        yield from _route(f"{name}.route[{number}]", route)
    if interface.kind == "bond":
        yield from _bond(name, interface, all_of_them)
    elif interface.kind and not _NAME.fullmatch(interface.device or ""):
        yield Mistake.at(f"{name}.device", f"{interface.device!r} is no name of an interface")


def _addresses(name: str, interface: Interface, family: int) -> Iterator[Mistake]:
    static = interface.static4 if family == 4 else interface.static6
    if static is None:
        return
    if interface.asks4() if family == 4 else interface.asks6():
        yield Mistake.at(name, f"`static{family}` and `dhcp{family}` exclude each other")
    if not static.addresses:
        yield Mistake.at(f"{name}.static{family}", "no address")
    for address in static.addresses:
        if family_of(address, network=True) != family:
            reason = f"{address!r} is no IPv{family} address with its prefix, such as a/24"
            yield Mistake.at(f"{name}.static{family}.addresses", reason)


def _route(at: str, route: Route) -> Iterator[Mistake]:
    """Where it leads to, from and over must be of one family."""
    families = set()
    for key, text in (("to", route.to), ("from", route.source), ("via", route.via)):
        if text is None or (key, text) == ("to", "default"):
            continue
        family = family_of(text, network=key == "to")
        families.add(family)
        if not family:
            wanted = "`default` or a network such as a/8" if key == "to" else "an IP address"
            yield Mistake.at(f"{at}.{key}", f"{text!r} is not {wanted}")
    if {4, 6} <= families:
        yield Mistake.at(at, "IPv4 and IPv6 in one route")


def _bond(name: str, bond: Interface, all_of_them: dict[str, Interface]) -> Iterator[Mistake]:
    members = bond.interfaces or []
    if not members:
        yield Mistake.at(f"{name}.interfaces", "no interface")
    for member in members:
        if not _NAME.fullmatch(member):
            yield Mistake.at(f"{name}.interfaces", f"{member!r} is no name of an interface")
        if member in all_of_them:
            yield Mistake.at(member, f"it belongs to {name} and has no configuration of its own")
    if (bond.min_links or 0) > len(members):
        yield Mistake.at(f"{name}.min-links", "more links than the bond has interfaces")
    yield from _monitoring(f"{name}.monitoring", bond.monitoring or Monitoring())


def _monitoring(at: str, monitoring: Monitoring) -> Iterator[Mistake]:
    said = {key for key in (*_MIIMON, *_ARPMON) if _value(monitoring, key) is not None}
    if said & set(_MIIMON) and said & set(_ARPMON):
        yield Mistake.at(at, "miimon and arpmon exclude each other")
    elif said not in ({*_MIIMON}, {*_ARPMON}):
        wanted = _ARPMON if said & set(_ARPMON) else _MIIMON
        yield Mistake.at(at, f"it needs all of {', '.join(wanted)}")
    targets = monitoring.arpmon_targets
    if targets is not None and not 1 <= len(targets) <= _ARP_TARGETS:
        yield Mistake.at(f"{at}.arpmon-targets", f"not 1 to {_ARP_TARGETS} addresses")
    for target in targets or ():
        if family_of(target) != 4:
            yield Mistake.at(f"{at}.arpmon-targets", f"{target!r} is no IPv4 address")


def _value(monitoring: Monitoring, key: str) -> object:
    return getattr(monitoring, key.replace("-", "_"))


def family_of(text: str, *, network: bool = False) -> int:
    """4 or 6 for an IP address, with its prefix if it is a NETWORK; 0 for anything else.

    >>> family_of("10.0.0.1/24", network=True), family_of("fd00::1"), family_of("10.0.0.1/24")
    (4, 6, 0)
    """
    prefix = 0
    if network:
        match = _CIDR.fullmatch(text)
        if match is None:
            return 0
        text, prefix = match[1], int(match[2])
    for family, kind, longest in ((4, socket.AF_INET, 32), (6, socket.AF_INET6, 128)):
        try:
            socket.inet_pton(kind, text)
        except (OSError, ValueError):
            continue
        return family if prefix <= longest else 0
    return 0
