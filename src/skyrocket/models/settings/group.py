"""What a settings group is: its type, its defaults, what it does, and what it becomes.

A group's module describes these as data and pure functions. It does not write files, start units
or know how often; `skyrocket.host.settings` does. A group without RENDER is checked and stored
and nothing more: whoever gives it a consumer adds the function, its files, and says in EFFECTS
how far each key then reaches.
"""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Meta, Struct

from skyrocket.models.keys import Key, Tree

PLACEHOLDERS = frozenset(("NAME", "KEY"))
"""What stands in a pattern of keys for a name that users choose."""


class Model(
    Struct,
    frozen=True,
    rename="kebab",
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
):
    """Base of every struct in settings: kebab-case, no unknown keys, `null` means absent."""


def says(description: str, *, unset: str = "", secret: bool = False) -> Meta:
    """What a field says of itself: UNSET is what holds without it, SECRET keeps it out of logs."""
    extra: dict[str, Any] = {"unset": unset} if unset else {}
    return Meta(description=description, extra=extra | ({"secret": True} if secret else {}))


class File(Struct, frozen=True):
    """One file in its final bytes; with BASE, what is added to those of that file of the image."""

    path: str
    content: bytes
    mode: int = 0o644
    base: str = ""


class Unit(Struct, frozen=True):
    """A unit whose state follows from settings; READS is the file it starts from.

    AT_BOOT: it starts then too, and not only when its file changes.
    """

    name: str
    running: bool
    reads: str
    at_boot: bool = True


class Rendered(Struct, frozen=True):
    """What settings become: files and the wanted state of units."""

    files: tuple[File, ...] = ()
    units: tuple[Unit, ...] = ()


class ConfigFile(Struct, frozen=True, kw_only=True):
    """A file a group writes; a PATH with a slash at its end is a folder it owns entirely.

    RESTARTS are units that read it and must start anew when its bytes change; RELOADS are units
    that read it again without an interruption; EFFECT is what the applier does itself with a
    changed file. DISRUPTION `reboot`: it is read at a boot only.
    """

    path: str
    restarts: tuple[str, ...] = ()
    reloads: tuple[str, ...] = ()
    effect: Literal["", "hostname", "sysctl", "sysfs"] = ""
    disruption: Literal["", "reboot"] = ""


class Effect(Struct, frozen=True, kw_only=True):
    """What a change of a setting does, and what it disturbs.

    REACH: `works` where something acts on it, `rendered` where a file is written that nothing
    here reads, `stored` where it is checked and kept only. PACKAGES are those any of which brings
    the reader; a variant with none of them gets no effect. Without RESTARTS and REBOOT a change
    disturbs nothing.
    """

    does: str
    reach: Literal["works", "rendered", "stored"] = "stored"
    restarts: tuple[str, ...] = ()
    reboot: bool = False
    packages: tuple[str, ...] = ()


class Facts(Struct, frozen=True):
    """What generators may know: nothing that differs between two boots of a node but RANDOM."""

    machine_id: str
    random: int


class SourceAwayError(Exception):
    """What a generator asks does not answer now; it may in a moment."""


class Generator(Struct, frozen=True):
    """Fills KEY when nothing stands there; NAME is what `/metadata/setting-generators` says.

    MAKE raises SourceAwayError when it should be tried again.
    """

    key: Key
    name: str
    make: Callable[[Facts], Any]


class Group(Struct, frozen=True, kw_only=True):
    """Everything there is to know of one settings group.

    MODEL is the type of its value. EFFECTS has for a key below the group, `""` for all others,
    what it does; the longest wins. RENDER gets the group's value (None when unset). SERVICES maps
    the name of a service to the names of its configuration files. ALIASES are other spellings of
    a key right below the group, taken on input alone. WEAK are patterns of keys whose default is
    the image's choice: the next version's takes its place unless somebody set the value.
    """

    name: str
    about: str
    model: Any
    effects: dict[str, Effect]
    render: Callable[[Any], Rendered] | None = None
    services: dict[str, tuple[str, ...]] = {}
    files: dict[str, ConfigFile] = {}
    defaults: Tree | str | None = None
    generators: tuple[Generator, ...] = ()
    aliases: dict[str, str] = {}
    weak: tuple[str, ...] = ()

    def is_weak(self, key: Key) -> bool:
        """Whether the default of KEY, whose first segment is this group's name, is weak."""
        patterns = [tuple(pattern.split(".")) for pattern in self.weak]
        return any(len(p) == len(key) - 1 and _fits(p, key[1:]) for p in patterns)

    def effect(self, key: Key) -> Effect:
        """What KEY, whose first segment is this group's name, does."""
        for end in range(len(key), 0, -1):
            for pattern, effect in self.effects.items():
                segments = tuple(pattern.split(".")) if pattern else ()
                if len(segments) == end - 1 and _fits(segments, key[1:end]):
                    return effect
        raise KeyError(key)


def _fits(pattern: Key, key: Key) -> bool:
    return all(p in PLACEHOLDERS or p == s for p, s in zip(pattern, key, strict=True))
