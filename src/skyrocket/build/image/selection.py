"""Choose the files of the root: what the packages include, and the libraries those need.

Pure but for reading file contents: gives entries and mistakes, writes nothing.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.image import elf
from skyrocket.build.image.entries import Entry
from skyrocket.build.image.patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from skyrocket.build.lock.deb import Member
    from skyrocket.models.definition import Package

FACTORY = "usr/share/factory/"
_MERGED = ("bin", "sbin", "lib", "lib64")


class DebianTree(NamedTuple):
    """One unpacked Debian package."""

    name: str
    tree: Path
    members: list[Member]


class Pool:
    """All files of the locked packages, by the path they have on a merged-/usr system."""

    def __init__(self, trees: Iterable[DebianTree]) -> None:
        self.entries: dict[str, Entry] = {}
        for tree in trees:
            for member in tree.members:
                if member.type != "folder":
                    entry = _entry(tree, member)
                    self.entries[entry.path] = entry

    def match(self, pattern: str) -> list[Entry]:
        expression = compile_pattern(pattern.lstrip("/"))
        return [entry for path, entry in self.entries.items() if expression.match(path)]


def chosen(pool: Pool, packages: Mapping[str, Package], mistakes: list[str]) -> dict[str, Entry]:
    """What the packages' patterns select; a pattern that selects nothing is a mistake."""
    found: dict[str, Entry] = {}
    for name, package in packages.items():
        dropped = {e.path for pattern in package.files.exclude for e in pool.match(pattern)}
        for number, pattern in enumerate(package.files.include):
            selected = [entry for entry in pool.match(pattern) if entry.path not in dropped]
            if not selected:
                where = f"{name}/package.toml: files.include[{number}]"
                mistakes.append(f"{where}: {pattern} is in no locked package")
            found.update((entry.path, entry) for entry in selected)
    return found


def with_libraries(
    pool: Pool, found: dict[str, Entry], multiarch: str, mistakes: list[str]
) -> dict[str, Entry]:
    """FOUND and every library, loader and link target that its files need, to the last one."""
    complete = dict(found)
    waiting = list(found.values())
    while waiting:
        entry = waiting.pop()
        for path in _needs(entry, pool, multiarch, mistakes):
            if path not in complete:
                complete[path] = pool.entries[path]
                waiting.append(pool.entries[path])
    return complete


def _needs(entry: Entry, pool: Pool, multiarch: str, mistakes: list[str]) -> list[str]:
    if entry.kind == "symlink":
        # A link of the factory folder is followed where the node has it: in /etc.
        target = resolve(entry.path.removeprefix(FACTORY), entry.link)
        target = FACTORY + target if target.startswith("etc/") else target
        return [target] if target in pool.entries else []
    facts = elf.parse(entry.read()) if _may_be_elf(entry) else None
    if facts is None:
        return []
    folder = str(PurePosixPath("/", entry.path).parent)
    run_path = [part.replace("$ORIGIN", folder) for part in facts.run_path]
    # systemd's private libraries lie in one folder and name each other without a run path.
    folders = [*run_path, folder, f"/usr/lib/{multiarch}", "/usr/lib"]
    found = []
    for library in facts.needed:
        paths = [resolve("", f"{where}/{library}") for where in folders]
        path = next((path for path in paths if path in pool.entries), None)
        if path is None:
            mistakes.append(f"{entry.origin}: /{entry.path} needs {library}: in no locked package")
        else:
            found.append(path)
    loader = merged(facts.interpreter.lstrip("/"))
    return [*found, loader] if loader in pool.entries else found


def resolve(path: str, link: str) -> str:
    """Where LINK, found at PATH, leads; as a path without leading slash."""
    start = [] if link.startswith("/") else path.split("/")[:-1]
    for part in link.split("/"):
        if part == "..":
            start = start[:-1]
        elif part not in ("", "."):
            start = [*start, part]
    return merged("/".join(start))


def merged(path: str) -> str:
    """PATH on a merged-/usr system: /bin, /sbin, /lib and /lib64 lead into /usr."""
    return f"usr/{path}" if path.split("/", 1)[0] in _MERGED else path


def _entry(tree: DebianTree, member: Member) -> Entry:
    path = merged(member.path)
    # The node's /etc is filled at boot from the factory folder.
    path = FACTORY + path if path.startswith("etc/") else path
    origin = f"debian:{tree.name}"
    if member.type == "symlink":
        return Entry(path, "symlink", 0o777, origin, link=member.link)
    return Entry(path, "file", member.mode, origin, content=tree.tree / member.path)


def _may_be_elf(entry: Entry) -> bool:
    return bool(entry.mode & 0o111) or ".so" in entry.path.rpartition("/")[2]
