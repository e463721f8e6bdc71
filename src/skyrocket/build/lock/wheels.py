"""Make the requirement files: pip decides the versions, the index gives the hashes.

Only who changes a dependency runs this and needs pip for it; every other build reads the files.
"""

from __future__ import annotations

import json
import sys
import tomllib
from typing import TYPE_CHECKING, NamedTuple

from skyrocket import command
from skyrocket.build.lock.errors import LockError, ResolveError
from skyrocket.fetch import doors, index, tags
from skyrocket.fetch.requirements import RELOCK, Pin, Wheel, render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from skyrocket.fetch.pip_config import PipConfig

MACHINES = ("x86_64", "aarch64")
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
NODE = tuple(tags.node(machine) for machine in MACHINES)
BUILD = tuple(tags.Target(python, machine, (2, 41)) for python in PYTHONS for machine in MACHINES)


class File(NamedTuple):
    """One requirement file: its dependency group in pyproject.toml and who it must fit."""

    group: str
    targets: tuple[tags.Target, ...]
    what: str


FILES = (
    File("build", BUILD, "what the build and the lab import"),
    File("publish", BUILD, "what update repositories are made with"),
    File("host", NODE, "what is sealed into the node's programs"),
    File("dev", BUILD, "what tests and checks need"),
)


def update(
    pyproject: Path, folder: Path, config: PipConfig, say: Callable[[str], None]
) -> list[Path]:
    """Write FOLDER/<group>.txt for every group; gives the files written."""
    groups = tomllib.loads(pyproject.read_text())["dependency-groups"]
    written = []
    for file in FILES:
        say(f"resolving Python packages of group {file.group}")
        versions = resolve(groups[file.group], sorted({one.python for one in file.targets}))
        pins = [_pin(name, version, file.targets, config) for name, version in versions]
        path = folder / f"{file.group}.txt"
        path.write_text(render(pins, _header(file)))
        written.append(path)
    return written


def _header(file: File) -> str:
    return (
        f"Locked wheels: {file.what}.\n"
        f"Made from group {file.group!r} of pyproject.toml by: {RELOCK}\n"
        "pip reads this file as it is; the comments are for skyrocket.fetch.requirements."
    )


def resolve(needs: Sequence[str], pythons: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
    """Names and versions for NEEDS: the oldest Python decides, newer ones may add."""
    found: dict[str, str] = {}
    for python in pythons:
        for name, version in _pip(needs, python):
            found.setdefault(name, version)
    return sorted(found.items())


def _pip(needs: Sequence[str], python: tuple[int, int]) -> list[tuple[str, str]]:
    version = f"{python[0]}.{python[1]}"
    platforms = [f"--platform=manylinux{tail}_x86_64" for tail in ("_2_28", "2014", "1")]
    try:
        done = command.run([
            sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed",
            "--only-binary=:all:", "--report=-", "--target=/nonexistent",
            f"--python-version={version}", *platforms, *needs,
        ])  # fmt: skip
    except command.CommandError as error:
        raise ResolveError(f"cannot resolve wheels for Python {version}: {error}") from error
    report = json.loads(done.stdout)
    rows = [item["metadata"] for item in report["install"]]
    return [(tags.normal(row["name"]), row["version"]) for row in rows]


def _pin(name: str, version: str, targets: Sequence[tags.Target], config: PipConfig) -> Pin:
    links = _links(name, config)
    found = {
        Wheel(link.filename, link.sha256, link.size)
        for link in links
        if tags.parse(link.filename) == (name, version)
        and any(tags.rank(link.filename, target) for target in targets)
    }
    unknown = [wheel.filename for wheel in found if not wheel.sha256 or not wheel.size]
    if unknown or not found:
        raise LockError(
            f"cannot lock {name} {version}: the index gives no hash and size for "
            f"{', '.join(unknown) or 'any fitting wheel'}",
            "name an index with the JSON interface with PIP_INDEX_URL",
        )
    return Pin(name, version, tuple(sorted(found)))


def _links(name: str, config: PipConfig) -> list[index.Link]:
    misses = []
    for base in config.indexes:
        try:
            return index.project(base, name, config)
        except (doors.AbsentError, doors.UnreadyError) as error:
            misses.append(str(error))
    raise LockError(f"cannot lock {name}: no index has it ({'; '.join(misses) or 'none is set'})")
