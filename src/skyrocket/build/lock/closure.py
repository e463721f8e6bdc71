"""Whether the programs that a set is there for find their libraries in that set.

Packages are left out of sets on purpose, so what a package manager would promise is checked here
by content: every ELF file is followed to the last library it names. What a program opens by name
at run time (plug-ins, data) cannot be seen this way; patterns may name such files as well.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.image import elf
from skyrocket.build.image.selection import merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from skyrocket.build.lock.deb import Unpacked


class Found(NamedTuple):
    """One path of the set: a link's text, or where its bytes are."""

    link: str
    file: Path


def missing(unpacked: Iterable[Unpacked], programs: Sequence[str]) -> list[str]:
    """One line for each pattern that matches nothing and each library that is in no package."""
    files = {
        merged(member.path): Found(
            member.link if member.type == "symlink" else "", tree / member.path
        )
        for tree, members in unpacked
        for member in members
        if member.type != "folder"
    }
    libraries = {posixpath.basename(path): path for path in files if ".so" in path}
    mistakes: list[str] = []
    todo: list[tuple[str, str]] = []  # a path, and the program it is needed for
    for pattern in programs:
        paths = [path for path in files if fnmatchcase(path, pattern.lstrip("/"))]
        todo += [(path, path) for path in paths]
        if not paths:
            mistakes.append(f"{pattern} is in no package")
    seen: set[str] = set()
    while todo:
        path, program = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for name, target in _needs(path, files, libraries):
            if target is None:
                mistakes.append(f"/{program} needs {name} (by /{path}), which is in no package")
            else:
                todo.append((target, program))
    return sorted(mistakes)


def _needs(
    path: str, files: dict[str, Found], libraries: dict[str, str]
) -> list[tuple[str, str | None]]:
    """What PATH names, with the path of the set that it means."""
    found = files[path]
    if found.link:
        target = posixpath.normpath(posixpath.join("/", posixpath.dirname(path), found.link))
        inside = merged(target.lstrip("/"))
        # Links into folders that only a running system has are no one's mistake.
        return [(found.link, inside)] if inside in files else []
    with found.file.open("rb") as reader:
        if reader.read(len(elf.MAGIC)) != elf.MAGIC:
            return []
    facts = elf.parse(found.file.read_bytes())
    return [(name, libraries.get(name)) for name in facts.needed] if facts else []
