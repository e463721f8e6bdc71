"""Everything the root will hold: selected files, our own, generated ones. Decides; writes nothing.

Reads file contents (ELF headers, trust anchors) but makes no file: the result is entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import tomli_w

from skyrocket.build.image import accounts, parameters, selection
from skyrocket.build.image.entries import Entry, with_parents
from skyrocket.build.image.selection import FACTORY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from skyrocket.build.definitions import Definition
    from skyrocket.build.image.selection import Pool
    from skyrocket.models.definition import Package

LIBRARY_FOLDERS = ("usr/lib/x86_64-linux-gnu/", "usr/lib/aarch64-linux-gnu/", "usr/lib/skyrocket/")
NAME = "Skyrocket"


class Release(NamedTuple):
    """What the version says of itself, in os-release and in `GET /os`."""

    variant: str
    version: str
    build: str
    architecture: str
    epoch: int

    @property
    def pretty(self) -> str:
        return f"{NAME} {self.version} ({self.variant})"

    def os_release(self) -> bytes:
        """The text of /usr/lib/os-release (freedesktop's os-release specification)."""
        lines = {
            "NAME": NAME,
            "ID": "skyrocket",
            "PRETTY_NAME": self.pretty,
            "VARIANT_ID": self.variant,
            "VERSION_ID": self.version,
            "IMAGE_ID": "skyrocket",
            "IMAGE_VERSION": self.version,
            "BUILD_ID": self.build,
        }
        return "".join(f'{key}="{value}"\n' for key, value in lines.items()).encode()

    def facts(self, groups: Iterable[str]) -> bytes:
        """/usr/share/skyrocket/variant.json: what `GET /os` answers, and the settings groups."""
        return msgspec.json.format(
            msgspec.json.encode(
                {
                    "pretty_name": self.pretty,
                    "variant_id": self.variant,
                    "version_id": self.version,
                    "build_id": self.build,
                    "arch": self.architecture,
                    "groups": list(groups),
                }
            )
        )


def compose(
    checkout: Path,
    definition: Definition,
    pool: Pool,
    release: Release,
    made: Iterable[Entry],
    multiarch: str,
    mistakes: list[str],
) -> list[Entry]:
    """The root's entries, sorted, with parents; MADE come from earlier steps (our programs)."""
    packages = definition.packages
    found = selection.chosen(pool, packages, mistakes)
    found = selection.with_libraries(pool, found | {e.path: e for e in made}, multiarch, mistakes)
    extra: list[Entry] = list(_generated(definition, release))
    extra += _folders(packages, mistakes)
    for name, package in packages.items():
        extra += _own(checkout, name, package, pool, mistakes)
    for entry in extra:
        if entry.path in found:
            other = found[entry.path].origin
            mistakes.append(f"{entry.origin}: /{entry.path} is already there ({other})")
        found[entry.path] = entry
    entries = with_parents(found.values())
    _check_executables(packages, entries, mistakes)
    return entries


def executables(entries: Iterable[Entry]) -> list[Entry]:
    """Regular files with an x bit outside library folders."""
    return [
        entry
        for entry in entries
        if entry.kind == "file"
        and entry.mode & 0o111
        and not entry.path.startswith(LIBRARY_FOLDERS)
    ]


def _own(
    checkout: Path, name: str, package: Package, pool: Pool, mistakes: list[str]
) -> list[Entry]:
    """What stands beside the package's file (root/, units/), and what its tables say."""
    origin = f"package:{name}"
    folder = checkout / "packages" / name
    entries = [
        Entry(str(path.relative_to(folder / "root")), "file", 0o644, origin, content=path)
        for path in sorted((folder / "root").rglob("*"))
        if path.is_file()
    ]
    units = "usr/lib/systemd/system"
    entries += [
        Entry(f"{units}/{path.relative_to(folder / 'units')}", "file", 0o644, origin, content=path)
        for path in sorted((folder / "units").rglob("*"))
        if path.is_file()
    ]
    entries += [
        Entry(path.lstrip("/"), "symlink", 0o777, origin, link=link)
        for path, link in package.links.items()
    ]
    entries += [
        Entry(f"{units}/{target}.wants/{unit}", "symlink", 0o777, origin, link=f"../{unit}")
        for target, wanted in package.wants.items()
        for unit in wanted
    ]
    for path, pattern in package.concatenate.items():
        parts = sorted(pool.match(pattern))
        if not parts:
            mistakes.append(f"{name}/package.toml: concatenate.{path}: {pattern} matches nothing")
        data = b"".join(part.read() for part in parts)
        # Made of one package's files, it is that package's file.
        sources = {part.origin for part in parts}
        made_of = sources.pop() if len(sources) == 1 else origin
        entries.append(Entry(path.lstrip("/"), "file", 0o644, made_of, content=data))
    return entries


def _folders(packages: dict[str, Package], mistakes: list[str]) -> Iterable[Entry]:
    """The folders that packages ask for, with their owners' numbers."""
    listed = packages.values()
    users = {user.name: user.id for package in listed for user in package.users}
    groups = users | {group.name: group.id for package in listed for group in package.groups}
    for name, package in packages.items():
        for number, one in enumerate(package.folders):
            where = f"{name}/package.toml: folders[{number}]"
            if one.user not in users:
                mistakes.append(f"{where}.user: there is no user {one.user}")
            if one.group not in groups:
                mistakes.append(f"{where}.group: there is no group {one.group}")
            uid, gid = users.get(one.user, 0), groups.get(one.group, 0)
            path, mode = one.path.strip("/"), int(one.mode, 8)
            yield Entry(path, "folder", mode, f"package:{name}", uid=uid, gid=gid)


def _generated(definition: Definition, release: Release) -> Iterable[Entry]:
    variant = definition.variant
    texts = {
        "usr/lib/os-release": release.os_release(),
        "usr/share/skyrocket/variant.json": release.facts(variant.settings_groups),
        "usr/share/skyrocket/defaults.toml": tomli_w.dumps({"settings": variant.defaults}).encode(),
    }
    for name, data in accounts.files(definition.packages.values()).items():
        mode = 0o600 if name == "shadow" else 0o644
        yield Entry(f"{FACTORY}etc/{name}", "file", mode, "generated", content=data)
    for path, data in texts.items():
        yield Entry(path, "file", 0o644, "generated", content=data)
    yield from parameters.entries(definition.packages.values())


def _check_executables(
    packages: dict[str, Package], entries: list[Entry], mistakes: list[str]
) -> None:
    """Every executable has a line that says who starts it and why, and every line a file."""
    listed = {e.path.lstrip("/"): name for name, p in packages.items() for e in p.executables}
    present = {entry.path: entry for entry in executables(entries)}
    mistakes += [
        f"{present[path].origin}: /{path} is executable and in no package's list"
        for path in sorted(present.keys() - listed.keys())
    ]
    mistakes += [
        f"{listed[path]}/package.toml: executables: /{path} is not in the image"
        for path in sorted(listed.keys() - present.keys())
    ]
