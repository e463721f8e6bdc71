"""Kernel modules: which ones a device asks for, in which order they load.

The initrd carries a small folder of modules with the `modules.dep` and `modules.alias` that depmod
writes for it. Deliberately unknown here: which modules a boot needs. No `fnmatch`: it loads `re`.
"""

from __future__ import annotations

import os

from skyrocket.host.system import kernel
from skyrocket.host.system.faults import DoorError
from skyrocket.host.system.text import text_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Index:
    """What depmod found out: each module's file and those it needs, and who answers an alias."""

    __slots__ = ("_aliases", "_needs", "_paths")

    def __init__(self, dependencies: str, aliases: str) -> None:
        """DEPENDENCIES and ALIASES are the texts of modules.dep and modules.alias."""
        self._paths: dict[str, str] = {}
        self._needs: dict[str, tuple[str, ...]] = {}
        for line in dependencies.splitlines():
            path, _, needs = line.partition(":")
            name = module_name(path)
            self._paths[name] = path
            self._needs[name] = tuple(needs.split())
        self._aliases: dict[str, list[tuple[str, str, str]]] = {}
        for line in aliases.splitlines():
            words = line.split()
            if len(words) == 3 and words[0] == "alias":
                bus, prefix = words[1].partition(":")[0], literal_prefix(words[1])
                self._aliases.setdefault(bus, []).append((prefix, words[1], words[2]))

    def __contains__(self, name: str) -> bool:
        return name.replace("-", "_") in self._paths

    def answering(self, modalias: str) -> list[str]:
        """The modules that drive a device which calls itself MODALIAS."""
        return [
            name
            for prefix, pattern, name in self._aliases.get(modalias.partition(":")[0], ())
            if modalias.startswith(prefix) and matches(pattern, modalias)
        ]

    def files(self, name: str) -> tuple[str, ...]:
        """The files to load for NAME, those it needs first, relative to the modules' folder."""
        name = name.replace("-", "_")
        if name not in self._paths:
            return ()
        return (*reversed(self._needs[name]), self._paths[name])


class Loader:
    """Loads modules below FOLDER, each file once; remembers what the kernel refused."""

    def __init__(self, folder: str, command_line: str = "") -> None:
        self._folder = folder
        self._parameters = parameters_in(command_line)
        self._done: set[str] = set()
        self.refused: list[str] = []
        self.index = Index(text_in(folder + "/modules.dep"), text_in(folder + "/modules.alias"))

    def load(self, name: str) -> bool:
        """Load module NAME and what it needs -> whether all of it is in the kernel now."""
        files = self.index.files(name)
        for path in files:
            if path in self._done:
                continue
            self._done.add(path)
            try:
                wanted = self._parameters.get(module_name(path), "")
                kernel.load_module(f"{self._folder}/{path}", wanted)
            except DoorError as error:
                # Said, not raised: a watchdog without its hardware is an everyday refusal.
                self.refused.append(str(error))
                return False
        return bool(files)

    def asked_for(self, buses: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
        """Those of the modules NAMES that a device on BUSES asks for."""
        asked = [self.index.answering(modalias) for modalias in modaliases(buses)]
        return [name for name in names if any(name in answer for answer in asked)]

    def coldplug(self, buses: tuple[str, ...] | None = None) -> None:
        """Load the driver of every device in sysfs, or of those on BUSES."""
        for modalias in modaliases(buses):
            for name in self.index.answering(modalias):
                self.load(name)


def modaliases(buses: tuple[str, ...] | None = None, sysfs: str = "/sys") -> Iterator[str]:
    """What every device on BUSES (all of them) calls itself, each name once."""
    seen = set()
    known = sorted(os.listdir(f"{sysfs}/bus"))
    for bus in known if buses is None else [bus for bus in buses if bus in known]:
        folder = f"{sysfs}/bus/{bus}/devices"
        for device in sorted(os.listdir(folder)):
            name = text_in(f"{folder}/{device}/modalias")
            if name and name not in seen:
                seen.add(name)
                yield name


def module_name(path: str) -> str:
    """`kernel/drivers/md/dm-mod.ko.xz` -> `dm_mod`, as the kernel calls it."""
    return path.rpartition("/")[2].partition(".")[0].replace("-", "_")


def parameters_in(command_line: str) -> dict[str, str]:
    """The parameters that the kernel's command line has for modules: `ramoops.ecc=1`.

    The kernel itself applies them only to what is built in; for modules that is the loader's task.
    """
    found: dict[str, str] = {}
    for word in command_line.split():
        module, dot, parameter = word.partition(".")
        if dot and "=" not in module and parameter:
            name = module.replace("-", "_")
            found[name] = f"{found[name]} {parameter}" if name in found else parameter
    return found


def literal_prefix(pattern: str) -> str:
    """What every text that matches PATTERN starts with."""
    for end, letter in enumerate(pattern):
        if letter in "*?[":
            return pattern[:end]
    return pattern


def matches(pattern: str, text: str) -> bool:
    """Shell pattern match of the whole TEXT: `*`, `?`, `[a-f]`."""
    p = t = 0
    star, mark = -1, 0
    while t < len(text):
        width = _step(pattern, p, text[t])
        if width:
            p, t = p + width, t + 1
        elif p < len(pattern) and pattern[p] == "*":
            star, mark, p = p, t, p + 1
        elif star >= 0:
            # The last star takes one letter more, and we try again from there.
            mark += 1
            p, t = star + 1, mark
        else:
            return False
    return all(letter == "*" for letter in pattern[p:])


def _step(pattern: str, at: int, letter: str) -> int:
    """How much of the pattern at AT takes LETTER: its length, or 0 when it does not match."""
    if at >= len(pattern) or pattern[at] == "*":
        return 0
    if pattern[at] == "[":
        end = pattern.find("]", at + 2)
        if end > 0:
            return end + 1 - at if _in_class(pattern[at + 1 : end], letter) else 0
    return 1 if pattern[at] in ("?", letter) else 0


def _in_class(members: str, letter: str) -> bool:
    at = 0
    while at < len(members):
        if members[at + 1 : at + 2] == "-" and at + 2 < len(members):
            if members[at] <= letter <= members[at + 2]:
                return True
            at += 3
        elif members[at] == letter:
            return True
        else:
            at += 1
    return False
