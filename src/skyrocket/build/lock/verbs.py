"""The verbs `lock`, `bundle` and `sources`: each takes what follows its name, gives a status.

Thin: reads words, calls the room, says what came of it. Errors go up to the caller.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.build import lock as room
from skyrocket.build.lock import changes, closure, solver, source_files, update, wheels
from skyrocket.fetch import bundle, download, pip_config, places, requirements, sources, tags
from skyrocket.fetch import wheels as wheel_files
from skyrocket.models import lock as words
from skyrocket.models.progress import Reporter, Silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.build.lock.resolve import Apt
    from skyrocket.models.lock import Lock

CHECKOUT = Path(__file__).parents[4]
OUT_OF_DATE = 1


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def lock(argv: Sequence[str], report: Reporter | None = None) -> int:
    """`lock --check | --update | --update-wheels`."""
    parser = argparse.ArgumentParser(
        prog="skyrocket lock", description="What every build is made from, exactly."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="say what a new lock would change")
    what.add_argument("--update", action="store_true", help="resolve anew and write packages.lock")
    what.add_argument(
        "--update-wheels", action="store_true", help="resolve anew and write requirements/*.txt"
    )
    parser.add_argument(
        "--machine-apt", action="store_true", help="use this machine's apt: for a first lock only"
    )
    options = parser.parse_args(argv)
    report = report or Silent()
    if options.update_wheels:
        return _update_wheels(report)
    old = None if options.machine_apt and not room.FILE.exists() else room.read()
    apts = _apts(old, machine=options.machine_apt, report=report)
    new = update.update(update.roots(CHECKOUT), sources.defaults(), apts, report.step)
    new = update.settled(old, new) if old else new
    found = changes.changes(old, new, _listed(old, apts)) if old else []
    for change in found:
        say(str(change))
    if options.check:
        return _checked(old == new, found)
    _check_programs(new, report)
    places.write(room.FILE, words.encode(new))
    say(f"packages.lock: {_sizes(new)}")
    return 0


def _check_programs(new: Lock, report: Reporter) -> None:
    """Refuse a lock whose programs would not start."""
    for name, programs in sources.defaults().programs.items():
        report.step(f"check the programs of {name}")
        unpacked = room.unpack_all(room.fetch(new, name, "amd64", report))
        mistakes = closure.missing(unpacked, programs)
        if mistakes:
            raise room.LockError(
                f"cannot lock {name}:\n  " + "\n  ".join(mistakes),
                "name the package in packages/*/package.toml, "
                "or take it out of [exclude] in packages/sources.toml",
            )


def _checked(same: bool, found: Sequence[changes.Change]) -> int:
    if same:
        say("packages.lock is up to date")
        return 0
    what = f"{len(found)} packages" if found else "its sets or suites"
    say(f"packages.lock is out of date ({what}): {room.RELOCK}")
    return OUT_OF_DATE


def _update_wheels(report: Reporter) -> int:
    config = pip_config.read(sources.defaults().wheel_index)
    written = wheels.update(
        CHECKOUT / "pyproject.toml", CHECKOUT / "requirements", config, report.step
    )
    for path in written:
        say(f"{path.name}: {len(requirements.read(path))} packages")
    return 0


def _apts(old: Lock | None, *, machine: bool, report: Reporter) -> dict[str, Apt]:
    order = sources.ordered(old.snapshot if old else "")
    if machine or old is None:
        return {arch: solver.on_machine(arch, order) for arch in words.ARCHES}
    tree = _tools(old, report)
    return {arch: solver.in_tools(tree, arch, order) for arch in words.ARCHES}


def _tools(lock: Lock, report: Reporter) -> Path:
    from skyrocket.build import tools  # the tools room reads locks: one of the two waits

    return tools.tree(lock, report)


def _listed(old: Lock | None, apts: dict[str, Apt]) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for arch, apt in apts.items():
        names = [package.name for package in old.packages.get(arch, ())] if old else []
        found |= apt.listed(names) if names else set()
    return found


def _sizes(lock: Lock) -> str:
    parts = []
    for name, arches in sorted(lock.sets.items()):
        for arch in sorted(arches):
            packages = lock.select(name, arch)
            size = sum(package.size for package in packages)
            parts.append(f"{name} {arch} {len(packages)} packages, {size / 1e6:.0f} MB")
    return "; ".join(parts)


def write_bundle(argv: Sequence[str], report: Reporter | None = None) -> int:
    """`bundle FILE`: everything locked in one file."""
    parser = argparse.ArgumentParser(
        prog="skyrocket bundle",
        description="Write everything that is locked into one file, to build without network.",
    )
    parser.add_argument("file", type=Path, help="the tar file to write")
    parser.add_argument("--arch", choices=words.ARCHES, action="append", help="default: amd64")
    options = parser.parse_args(argv)
    report = report or Silent()
    pinned = room.read()
    files: set[Path] = set()
    for arch in options.arch or ["amd64"]:
        for name in sorted(pinned.sets):
            packages = pinned.select(name, arch)
            if packages:
                report.step(f"fetch {len(packages)} packages of {name} for {arch}")
                files.update(room.fetch_packages(pinned, packages, report))
    report.step("fetch Python packages")
    files.update(_all_wheels(report))
    report.step(f"write {options.file}")
    bundle.write(options.file, words.encode(pinned), sorted(files))
    say(f"{options.file}: {len(files)} files, {options.file.stat().st_size / 1e6:.0f} MB")
    return 0


def _all_wheels(report: Reporter) -> set[Path]:
    """Wheels of every group for every Python they are locked for; tests' for this one only."""
    found: set[Path] = set()
    for file in wheels.FILES:
        pins = requirements.read(CHECKOUT / "requirements" / f"{file.group}.txt")
        targets = (tags.here(),) if file.group == "dev" else file.targets
        for target in targets:
            found.update(wheel_files.fetch(pins, target, report))
    return found


def fetch_sources(argv: Sequence[str], report: Reporter | None = None) -> int:
    """`sources [--list] [FOLDER]`: the source packages of everything that is shipped."""
    parser = argparse.ArgumentParser(
        prog="skyrocket sources", description="The source code of everything that is shipped."
    )
    parser.add_argument("folder", type=Path, nargs="?", help="where to put the files")
    parser.add_argument("--list", action="store_true", help="name the files, fetch nothing")
    parser.add_argument("--arch", choices=words.ARCHES, default="amd64")
    parser.add_argument(
        "--set", choices=words.SETS, action="append", help="default: image and containers"
    )
    options = parser.parse_args(argv)
    if options.folder is None and not options.list:
        parser.error("name a folder, or --list")
    report = report or Silent()
    files = _source_files(options.set or ["containers", "image"], options.arch, report)
    for file in files:
        say(f"{file.sha256} {file.size:>10} {file.source} {file.version} {file.filename}")
    if not options.list:
        _fetch_sources(files, options.folder, report)
    return 0


def _source_files(sets: list[str], arch: str, report: Reporter) -> list[source_files.SourceFile]:
    pinned = room.read()
    packages = [package for name in sets for package in pinned.select(name, arch)]
    order = sources.ordered(pinned.snapshot)
    apt = solver.in_tools(_tools(pinned, report), arch, order, "deb-src")
    report.step("read the lists of source packages")
    apt.update()
    todo = source_files.needed(packages)
    return [file for source, version in todo for file in source_files.find(apt, source, version)]


def _fetch_sources(
    files: Sequence[source_files.SourceFile], folder: Path, report: Reporter
) -> None:
    order = sources.ordered(room.read().snapshot)
    report.step(f"fetch {len(files)} source files")
    cache = places.folder("files")
    paths = download.fetch([source_files.wanted(file, order) for file in files], cache, report)
    for file, path in zip(files, paths, strict=True):
        target = folder / file.source / file.filename
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(path, target)
        except OSError:  # another file system
            shutil.copyfile(path, target)


def main(argv: Sequence[str], report: Reporter | None = None) -> int:
    """ARGV starts with the verb's name."""
    verbs = {"lock": lock, "bundle": write_bundle, "sources": fetch_sources}
    return verbs[argv[0]](argv[1:], report)
