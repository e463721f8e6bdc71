"""Make the lock: roots from the package files, exact packages from apt, one file written.

The order of work is `update`; what apt does is in `resolve`, which apt runs is the caller's.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from skyrocket.build.lock.errors import LockError
from skyrocket.build.lock.resolve import Apt, moment, reachable
from skyrocket.models.lock import ARCHES, SETS, Lock, Package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from skyrocket.fetch import sources

# Image definitions name every package they take files from, so no dependency is followed there.
CLOSED = frozenset({"containers"})
# Tools run where the build runs; images are also planned for machines of the other kind.
SET_ARCHES: dict[str, tuple[str, ...]] = {
    "tools": ("amd64",),
    "image": ARCHES,
    "containers": ARCHES,
}


class Roots(NamedTuple):
    """Names per set, and what the same files leave out of each set."""

    names: dict[str, set[str]]
    exclude: dict[str, set[str]]

    def of(self, set_name: str, arch: str) -> list[str]:
        """The roots of a set; a name that ends in an architecture, as kernels do, ends in ARCH."""
        return sorted(for_arch(name, arch) for name in self.names.get(set_name, ()))


def for_arch(name: str, arch: str) -> str:
    """`linux-image-cloud-amd64` asked for arm64 is `linux-image-cloud-arm64`."""
    stem, dash, last = name.rpartition("-")
    return f"{stem}-{arch}" if dash and last in ARCHES else name


def roots(checkout: Path) -> Roots:
    """What `[debian]` of every packages/*/package.toml names, and `debian` of images/*/image.toml.

    A package file's `exclude` counts for the sets that the same file adds to. All mistakes at once.
    """
    found = Roots({name: set() for name in SETS}, {name: set() for name in SETS})
    mistakes: list[str] = []
    for file in sorted(checkout.glob("packages/*/package.toml")):
        debian = dict(_load(file, mistakes))
        exclude = debian.pop("exclude", [])
        for name, packages in debian.items():
            found.names[name].update(packages)
            found.exclude[name].update(exclude)
    for file in sorted(checkout.glob("images/*/image.toml")):
        found.names["containers"].update(_load(file, mistakes).get("containers", ()))
    if mistakes:
        raise LockError("cannot read what the lock is to hold:\n  " + "\n  ".join(mistakes))
    return found


def _load(file: Path, mistakes: list[str]) -> dict[str, list[str]]:
    """Names per set (and `exclude`) of one file; empty when there is a mistake in it."""
    try:
        debian = tomllib.loads(file.read_text()).get("debian", {})
    except (OSError, tomllib.TOMLDecodeError) as error:
        mistakes.append(f"{file}: {error}")
        return {}
    if isinstance(debian, list):  # an image definition: all its packages are of one set
        debian = {"containers": debian}
    wrong = [f"{file}: debian{why}" for why in _wrong(debian)]
    mistakes += wrong
    return {} if wrong else debian


def _wrong(debian: object) -> list[str]:
    if not isinstance(debian, dict):
        return [": expected a table of sets"]
    wrong = []
    for key, names in debian.items():
        if key not in {*SETS, "exclude"}:
            wrong.append(f".{key}: unknown set, expected one of {', '.join(SETS)}")
        elif not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            wrong.append(f".{key}: expected a list of package names")
    return wrong


def update(
    asked: Roots,
    data: sources.Defaults,
    apts: Mapping[str, Apt],
    say: Callable[[str], None] = lambda _: None,
) -> Lock:
    """Resolve every set for every architecture; APTS are prepared, one per architecture."""
    sets: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in SETS}
    packages: dict[str, tuple[Package, ...]] = {}
    dates: list[str] = []
    for arch, apt in apts.items():
        say(f"reading the package lists for {arch}")
        apt.update()
        dates += apt.release_dates()
        chosen: dict[str, Package] = {}
        for name in SETS:
            if arch not in SET_ARCHES[name] or not asked.of(name, arch):
                continue
            say(f"resolving {name} for {arch}")
            exclude = {*data.exclude.get(name, ()), *asked.exclude[name]}
            found = solve(apt, asked.of(name, arch), exclude)
            if name in CLOSED:
                found = [one for one in found if one.name in asked.of(name, arch)]
            sets[name][arch] = tuple(package.name for package in found)
            chosen |= {package.name: package for package in found}
        packages[arch] = tuple(sorted(chosen.values()))
    return Lock(data.suites, moment(dates), {k: v for k, v in sets.items() if v}, packages)


def solve(apt: Apt, names: Sequence[str], exclude: Iterable[str]) -> list[Package]:
    """One set: what apt would install for NAMES, less EXCLUDE and what only that needs."""
    return reachable(apt.records(apt.solve(names)), names, exclude)


def settled(old: Lock, new: Lock) -> Lock:
    """OLD when NEW differs in its moment alone.

    Lists are signed anew several times a day; a lock, and with it the date inside every image,
    changes only when a package does.
    """
    return old if msgspec.structs.replace(new, snapshot=old.snapshot) == old else new
