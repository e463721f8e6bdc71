"""What a settings group is: its type, its defaults, and what files and units it becomes.

A group's module describes these as data and pure functions. It does not write files, start units
or know how often; `skyrocket.host.settings` does.
"""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from skyrocket.models.keys import Key, Tree


class Model(
    Struct,
    frozen=True,
    rename="kebab",
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
):
    """Base of every struct in settings: kebab-case, no unknown keys, `null` means absent."""


class File(Struct, frozen=True):
    """One file in its final bytes."""

    path: str
    content: bytes
    mode: int = 0o644


class Unit(Struct, frozen=True):
    """A unit whose state follows from settings; READS is the file it starts from."""

    name: str
    running: bool
    reads: str


class Rendered(Struct, frozen=True):
    """What settings become: files and the wanted state of units."""

    files: tuple[File, ...] = ()
    units: tuple[Unit, ...] = ()


class ConfigFile(Struct, frozen=True, kw_only=True):
    """A file a group writes; a PATH with a slash at its end is a folder it owns entirely.

    RESTARTS are units that read it and must start anew when its bytes change; EFFECT is what the
    applier does itself with a changed file. DISRUPTION `reboot`: it is read at a boot only.
    """

    path: str
    restarts: tuple[str, ...] = ()
    effect: Literal["", "hostname", "sysctl"] = ""
    disruption: Literal["", "reboot"] = ""


class Facts(Struct, frozen=True):
    """What generators may know: nothing that differs between two boots of a node but RANDOM."""

    machine_id: str
    random: int


class Generator(Struct, frozen=True):
    """Fills KEY when nothing stands there; NAME is what `/metadata/setting-generators` says."""

    key: Key
    name: str
    make: Callable[[Facts], Any]


class Group(Struct, frozen=True, kw_only=True):
    """Everything there is to know of one settings group.

    MODEL is the type of its value; RENDER gets that value (None when unset). SERVICES maps the
    name of a service to the names of its configuration files.
    """

    name: str
    about: str
    model: Any
    render: Callable[[Any], Rendered]
    services: dict[str, tuple[str, ...]]
    files: dict[str, ConfigFile]
    defaults: Tree | str | None = None
    generators: tuple[Generator, ...] = ()
