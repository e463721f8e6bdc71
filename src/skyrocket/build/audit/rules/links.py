"""Everything that points to another file finds it: symbolic links, loaders, libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.audit.image import seen_at
from skyrocket.build.audit.model import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skyrocket.build.audit.image import Image
    from skyrocket.build.audit.model import Facts
    from skyrocket.build.image.entries import Entry


def dangling(image: Image, at_run_time: Callable[[str], bool]) -> Iterator[Finding]:
    """Links that lead nowhere, but into places that are filled when the node runs."""
    for path, entry in image.entries.items():
        if entry.kind != "symlink":
            continue
        found = image.resolve(seen_at(path))
        if found.entry is None and not at_run_time(found.path):
            reason = f"leads to /{found.path}, which is not there"
            way = "bring its target, drop the link, or name the place under [[run-time]]"
            yield Finding(image.part, path, "dangling-link", reason, way)


def libraries(image: Image, multiarch: str) -> Iterator[Finding]:
    """Follow every program as the dynamic loader does, then the libraries no program names."""
    search = _Search(image, multiarch)
    for path, facts in image.facts.items():
        if facts.kind == "program":
            yield from _interpreter(image, path, facts)
            yield from search.follow(path)
    for path, facts in image.facts.items():
        if facts.kind == "library" and path not in search.seen:  # loaded by name at run time
            yield from search.follow(path)


def opened_by_name(image: Image) -> Iterator[Finding]:
    """Libraries that a program opens when it needs them, which nothing else would miss."""
    present = {path.rpartition("/")[2] for path in image.entries}
    for path, facts in image.facts.items():
        for names in facts.by_name:
            if not present.intersection(names):
                reason = f"opens {' or '.join(names)} when it needs it, which is not there"
                way = "bring the library, or say under [[exemptions]] why it is never needed"
                yield Finding(image.part, path, "missing-by-name", reason, way)


def _interpreter(image: Image, path: str, facts: Facts) -> Iterator[Finding]:
    if facts.interpreter and image.program(facts.interpreter) is None:
        reason = f"needs the loader {facts.interpreter}, which is not there"
        way = "bring the loader (libc6), or link the program statically"
        yield Finding(image.part, path, "missing-loader", reason, way)


class _Search:
    """The dynamic loader's search (ld.so(8)); a name that is loaded already is not sought."""

    def __init__(self, image: Image, multiarch: str) -> None:
        self._image = image
        self._folders = [f"/usr/lib/{multiarch}", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
        self.seen: set[str] = set()

    def follow(self, start: str) -> Iterator[Finding]:
        loaded: set[str] = set()
        waiting = [start]
        while waiting:
            path = waiting.pop(0)
            self.seen.add(path)
            facts = self._image.facts[path]
            for name in facts.needed:
                if name in loaded:
                    continue
                found = self._find(path, facts, name)
                if found is None:
                    reason = f"needs {name}, which is not there"
                    if path != start:
                        reason += f" (loaded for /{start})"
                    way = "bring the library's package, or leave out what needs it"
                    yield Finding(self._image.part, path, "missing-library", reason, way)
                    loaded.add(name)
                    continue
                loaded |= {name, self._image.facts[found.path].soname}
                waiting.append(found.path)

    def _find(self, path: str, facts: Facts, name: str) -> Entry | None:
        if "/" in name:
            places = [name]
        else:
            folder = "/" + path.rpartition("/")[0]
            own = [part.replace("$ORIGIN", folder) for part in facts.run_path]
            places = [f"{where}/{name}" for where in (*own, *self._folders)]
        for place in places:
            entry = self._image.resolve(place).entry
            if entry is not None and entry.path in self._image.facts:
                return entry
        return None
