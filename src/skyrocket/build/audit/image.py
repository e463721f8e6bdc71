"""The files under audit as a tree one can ask: what is at this path, where does that link lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.image.selection import FACTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from skyrocket.build.audit.model import Facts, Part
    from skyrocket.build.image.entries import Entry

MOST_LINKS = 40
"""As many as the kernel follows before it answers ELOOP."""


class Found(NamedTuple):
    """Where a path ended: an entry, or (without one) the path at which there was nothing."""

    path: str
    entry: Entry | None


class Image:
    """One part (root, initrd, boot partition). /etc is where the boot copies it from."""

    def __init__(
        self, part: Part, entries: Iterable[Entry], classify: Callable[[Entry], Facts]
    ) -> None:
        self.part = part
        self.entries = {entry.path: entry for entry in entries}
        files = (entry for entry in self.entries.values() if entry.kind == "file")
        self.facts = {entry.path: classify(entry) for entry in files}

    def files(self) -> list[Entry]:
        return [self.entries[path] for path in self.facts]

    def below(self, *folders: str) -> list[Entry]:
        """Files and links under FOLDERS, as the node sees them (factory files are in /etc)."""
        return [entry for path, entry in self.entries.items() if path.startswith(folders)]

    def resolve(self, path: str) -> Found:
        """Follow PATH through all links, as the node would."""
        waiting = [part for part in path.split("/") if part not in ("", ".")]
        at: list[str] = []
        links = 0
        while waiting:
            part = waiting.pop(0)
            if part == "..":
                at = at[:-1]
                continue
            at.append(part)
            entry = self._at(at)
            if entry is not None and entry.kind == "symlink":
                links += 1
                if links > MOST_LINKS:
                    return Found("/".join(at), None)
                at = [] if entry.link.startswith("/") else at[:-1]
                waiting = [p for p in entry.link.split("/") if p not in ("", ".")] + waiting
            elif entry is None and waiting:
                return Found("/".join([*at, *waiting]), None)
        return Found("/".join(at), self._at(at))

    def program(self, path: str) -> Entry | None:
        """The executable file that PATH names on the node, if there is one."""
        entry = self.resolve(path).entry
        return entry if entry is not None and entry.kind == "file" and entry.mode & 0o111 else None

    def _at(self, parts: list[str]) -> Entry | None:
        path = "/".join(parts)
        if parts[:1] == ["etc"] and len(parts) > 1:
            return self.entries.get(FACTORY + path) or self.entries.get(path)
        return self.entries.get(path)

    def text(self, path: str) -> str:
        """The content of the text file at PATH, empty when there is none."""
        entry = self.resolve(path).entry
        if entry is None or entry.kind != "file":
            return ""
        return entry.read().decode("utf-8", "replace")


def seen_at(path: str) -> str:
    """The path at which the node sees a file of the image."""
    return path.removeprefix(FACTORY) if path.startswith(FACTORY + "etc/") else path
