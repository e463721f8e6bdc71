"""Bring files and units in line with a plan: decide by comparing bytes, then do.

A unit restarts only when a file it reads really changed.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from skyrocket.host.settings.render import Plan
from skyrocket.models.settings.group import ConfigFile, File

Change = Literal["start", "stop", "restart", "try-restart"]


class Changes(Struct, frozen=True):
    """What to do, in this order."""

    write: tuple[File, ...] = ()
    remove: tuple[str, ...] = ()
    effects: tuple[tuple[str, bytes], ...] = ()
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    try_restart: tuple[str, ...] = ()

    @property
    def changed_files(self) -> list[str]:
        return [file.path for file in self.write] + list(self.remove)


class Host(Protocol):
    """The doors this room goes through."""

    def read(self, path: str) -> bytes | None: ...
    def below(self, folder: str) -> list[str]: ...
    def write(self, path: str, content: bytes, mode: int) -> None: ...
    def remove(self, path: str) -> None: ...
    def set_hostname(self, name: str) -> None: ...
    def set_parameter(self, key: str, value: str) -> None: ...
    def change_units(self, what: Change, units: Sequence[str]) -> None: ...
    def warn(self, text: str) -> None: ...


def decide(plan: Plan, host: Host) -> Changes:
    """Compare PLAN with what HOST has; reads, changes nothing."""
    files = [file for rendered in plan.rendered for file in rendered.files]
    units = [unit for rendered in plan.rendered for unit in rendered.units]
    write = [file for file in files if host.read(file.path) != file.content]
    remove = _superfluous(plan.owned, {file.path for file in files}, host)
    changed = {file.path for file in write}
    touched = [_owner(path, plan.owned) for path in (*sorted(changed), *remove)]
    moved = [unit for unit in units if unit.reads in changed]
    return Changes(
        write=tuple(write),
        remove=tuple(remove),
        effects=_effects(write, plan.owned),
        stop=tuple(unit.name for unit in moved if not unit.running),
        restart=tuple(unit.name for unit in moved if unit.running),
        try_restart=tuple(dict.fromkeys(unit for owner in touched for unit in owner.restarts)),
    )


def decide_boot(plan: Plan, host: Host) -> Changes:
    """Like `decide` at boot: nothing runs yet, so units that should run start, and no others."""
    changes = decide(plan, host)
    units = [unit for rendered in plan.rendered for unit in rendered.units]
    files = [file for rendered in plan.rendered for file in rendered.files]
    return Changes(
        write=changes.write,
        remove=changes.remove,
        effects=_effects(files, plan.owned),
        start=tuple(unit.name for unit in units if unit.running),
    )


def do(changes: Changes, host: Host) -> list[str]:
    """Carry CHANGES out -> the units started or started anew."""
    for file in changes.write:
        host.write(file.path, file.content, file.mode)
    for path in changes.remove:
        host.remove(path)
    for effect, content in changes.effects:
        _EFFECTS[effect](content.decode(), host)
    host.change_units("start", changes.start)
    host.change_units("stop", changes.stop)
    host.change_units("restart", changes.restart)
    host.change_units("try-restart", changes.try_restart)
    return [*changes.start, *changes.restart, *changes.try_restart]


def _superfluous(owned: Sequence[ConfigFile], wanted: set[str], host: Host) -> list[str]:
    found: list[str] = []
    for place in owned:
        if place.path.endswith("/"):
            found += host.below(place.path.rstrip("/"))
        elif host.read(place.path) is not None:
            found.append(place.path)
    return [path for path in dict.fromkeys(found) if path not in wanted]


def _owner(path: str, owned: Sequence[ConfigFile]) -> ConfigFile:
    return next(
        p for p in owned if p.path == path or (p.path[-1] == "/" and path.startswith(p.path))
    )


def _effects(files: Sequence[File], owned: Sequence[ConfigFile]) -> tuple[tuple[str, bytes], ...]:
    pairs = [(_owner(file.path, owned).effect, file.content) for file in files]
    return tuple((effect, content) for effect, content in pairs if effect)


def _name(content: str, host: Host) -> None:
    host.set_hostname(content.strip())


def _parameters(content: str, host: Host) -> None:
    """A parameter that this kernel refuses is said and does not stop the others."""
    for line in content.splitlines():
        key, _, value = line.removeprefix("-").partition(" = ")
        try:
            host.set_parameter(key, value)
        except OSError as error:
            host.warn(f"cannot set kernel parameter {key} to {value}: {error.strerror or error}")


_EFFECTS: dict[str, Callable[[str, Host], None]] = {"hostname": _name, "sysctl": _parameters}
