"""Bring files and units in line with a plan: decide by comparing bytes, then do.

A unit restarts only when a file it reads really changed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, Protocol

from msgspec import Struct

from skyrocket.host.settings.render import Plan
from skyrocket.models.api import Failed
from skyrocket.models.settings.group import ConfigFile, File

Change = Literal["start", "stop", "restart", "try-restart", "try-reload-or-restart"]


class Changes(Struct, frozen=True):
    """What to do, in this order."""

    write: tuple[File, ...] = ()
    remove: tuple[str, ...] = ()
    effects: tuple[tuple[str, bytes], ...] = ()
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    try_restart: tuple[str, ...] = ()
    try_reload_or_restart: tuple[str, ...] = ()

    @property
    def changed_files(self) -> list[str]:
        return [file.path for file in self.write] + list(self.remove)


class Outcome(Struct, frozen=True):
    """What came of carrying changes out."""

    changed_files: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()
    reloaded: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    failed: tuple[Failed, ...] = ()


class Reader(Protocol):
    """The doors for deciding: they only look."""

    def read(self, path: str) -> bytes | None: ...
    def below(self, folder: str) -> list[str]: ...


class Host(Reader, Protocol):
    """The doors this room goes through."""

    def write(self, path: str, content: bytes, mode: int) -> None: ...
    def remove(self, path: str) -> None: ...
    def set_hostname(self, name: str) -> None: ...
    def set_parameter(self, key: str, value: str) -> None: ...
    def set_attribute(self, path: str, value: str) -> None: ...
    def change_units(self, what: Change, units: Sequence[str]) -> None: ...
    def warn(self, text: str) -> None: ...


def decide(plan: Plan, host: Reader) -> Changes:
    """Compare PLAN with what HOST has; reads, changes nothing."""
    files = [_whole(file, host) for rendered in plan.rendered for file in rendered.files]
    units = [unit for rendered in plan.rendered for unit in rendered.units]
    write = [file for file in files if host.read(file.path) != file.content]
    remove = _superfluous(plan.owned, {file.path for file in files}, host)
    changed = {file.path for file in write}
    touched = [owner(path, plan.owned) for path in (*sorted(changed), *remove)]
    moved = [unit for unit in units if unit.reads in {*changed, *remove}]
    return Changes(
        write=tuple(write),
        remove=tuple(remove),
        effects=_effects(write, plan.owned),
        stop=tuple(unit.name for unit in moved if not unit.running),
        restart=tuple(dict.fromkeys(unit.name for unit in moved if unit.running)),
        try_restart=tuple(dict.fromkeys(unit for owner in touched for unit in owner.restarts)),
        try_reload_or_restart=tuple(
            dict.fromkeys(unit for owner in touched for unit in owner.reloads)
        ),
    )


def decide_boot(plan: Plan, host: Reader) -> Changes:
    """Like `decide` at boot: units that should run start, and no others.

    Nothing that reads a file only when it starts runs yet. What can read it again may have started
    beside us, so that a boot waits for nobody, and is told.
    """
    changes = decide(plan, host)
    units = [unit for rendered in plan.rendered for unit in rendered.units]
    files = [file for rendered in plan.rendered for file in rendered.files]
    return Changes(
        write=changes.write,
        remove=changes.remove,
        effects=_effects(files, plan.owned),
        start=tuple(unit.name for unit in units if unit.running and unit.at_boot),
        try_reload_or_restart=changes.try_reload_or_restart,
    )


def do(changes: Changes, host: Host) -> Outcome:
    """Carry CHANGES out; a step that fails is in the outcome and does not stop the others."""
    steps = _Steps()
    written = [
        file.path
        for file in changes.write
        if steps.do(f"write {file.path}", partial(host.write, file.path, file.content, file.mode))
    ]
    written += [
        path for path in changes.remove if steps.do(f"remove {path}", partial(host.remove, path))
    ]
    for effect, content in changes.effects:
        steps.do(f"set {effect}", partial(_EFFECTS[effect], content.decode(), host, steps.fail))
    if len(written) < len(changes.changed_files):
        # A unit that restarts into half of its files is worse off than one that keeps the old.
        start = _order("start", changes.start, host, steps)
        return Outcome(tuple(written), tuple(start), failed=tuple(steps.failed))
    asked: dict[str, list[str]] = {}
    for what in _ORDER:
        asked[what] = _order(what, getattr(changes, what.replace("-", "_")), host, steps)
    return Outcome(
        changed_files=tuple(written),
        restarted=(*asked["start"], *asked["restart"], *asked["try-restart"]),
        reloaded=tuple(asked["try-reload-or-restart"]),
        stopped=tuple(asked["stop"]),
        failed=tuple(steps.failed),
    )


def _order(what: Change, units: Sequence[str], host: Host, steps: "_Steps") -> list[str]:
    """Have UNITS change -> those for which systemd took the order.

    All go in one call; only when one of them is refused, each is asked for on its own.
    """
    try:
        host.change_units(what, units)
    except Exception:  # noqa: BLE001  (which of them it was, the single calls say)
        return [
            unit
            for unit in units
            if steps.do(f"{what} {unit}", partial(host.change_units, what, (unit,)))
        ]
    return list(units)


class _Steps:
    """Steps that were tried, and what became of those that failed."""

    __slots__ = ("failed",)

    def __init__(self) -> None:
        self.failed: list[Failed] = []

    def do(self, what: str, step: Callable[[], None]) -> bool:
        try:
            step()
        except Exception as error:  # noqa: BLE001  (whatever a file system or systemd says)
            self.fail(what, str(error))
            return False
        return True

    def fail(self, what: str, reason: str) -> None:
        self.failed.append(Failed(what, reason))


def _superfluous(owned: Sequence[ConfigFile], wanted: set[str], host: Reader) -> list[str]:
    found: list[str] = []
    for place in owned:
        if place.path.endswith("/"):
            found += host.below(place.path.rstrip("/"))
        elif host.read(place.path) is not None:
            found.append(place.path)
    return [path for path in dict.fromkeys(found) if path not in wanted]


def _whole(file: File, host: Reader) -> File:
    """FILE with the bytes of the image's file in front that it adds to."""
    if not file.base:
        return file
    content = (host.read(file.base) or b"") + file.content
    return File(file.path, content, file.mode)


def owner(path: str, owned: Sequence[ConfigFile]) -> ConfigFile:
    return next(
        p for p in owned if p.path == path or (p.path[-1] == "/" and path.startswith(p.path))
    )


def _effects(files: Sequence[File], owned: Sequence[ConfigFile]) -> tuple[tuple[str, bytes], ...]:
    pairs = [(owner(file.path, owned).effect, file.content) for file in files]
    return tuple((effect, content) for effect, content in pairs if effect)


def _name(content: str, host: Host, _fail: Callable[[str, str], None]) -> None:
    host.set_hostname(content.strip())


def _parameters(content: str, host: Host, fail: Callable[[str, str], None]) -> None:
    """A parameter that this kernel refuses is said and does not stop the others."""
    for line in content.splitlines():
        key, _, value = line.removeprefix("-").partition(" = ")
        try:
            host.set_parameter(key, value)
        except OSError as error:
            reason = error.strerror or str(error)
            fail(f"set kernel parameter {key} to {value}", reason)
            host.warn(f"cannot set kernel parameter {key} to {value}: {reason}")


def _attributes(content: str, host: Host, fail: Callable[[str, str], None]) -> None:
    """Files of the kernel's own; one that refuses is said and does not stop the others."""
    for line in content.splitlines():
        path, _, value = line.partition(" = ")
        if path.startswith("/"):
            try:
                host.set_attribute(path, value)
            except OSError as error:
                fail(f"set {path} to {value}", error.strerror or str(error))


_EFFECTS: dict[str, Callable[[str, Host, Callable[[str, str], None]], None]] = {
    "hostname": _name,
    "sysctl": _parameters,
    "sysfs": _attributes,
}
_ORDER: tuple[Change, ...] = ("start", "stop", "restart", "try-restart", "try-reload-or-restart")
