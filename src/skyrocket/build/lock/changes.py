"""What differs between two locks, as lines a reader can decide by. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from skyrocket.models.lock import Lock, Package


class Change(NamedTuple):
    """One package of one architecture that a new lock would hold otherwise.

    OLD or NEW is empty for a package that comes or goes; GONE says that the archive's lists no
    longer have the old version, so that mirrors may drop its file at any time.
    """

    arch: str
    name: str
    kind: Literal["new version", "added", "no longer needed", "other file"]
    old: str = ""
    new: str = ""
    gone: bool = False

    def __str__(self) -> str:
        versions = " -> ".join(filter(None, (self.old, self.new)))
        gone = ", the locked file is gone from the archive's lists" if self.gone else ""
        return f"{self.name} ({self.arch}): {self.kind}: {versions}{gone}"


def changes(old: Lock, new: Lock, listed: Collection[tuple[str, str, str]]) -> list[Change]:
    """From OLD to NEW; LISTED are (arch, name, version) that the archive's lists have now."""
    found: list[Change] = []
    for arch in sorted({*old.packages, *new.packages}):
        before = _by_name(old.packages.get(arch, ()))
        after = _by_name(new.packages.get(arch, ()))
        for name in sorted({*before, *after}):
            change = _change(arch, before.get(name), after.get(name))
            if change is None:
                continue
            gone = bool(change.old) and (arch, name, change.old) not in listed
            found.append(change._replace(gone=gone))
    return found


def _change(arch: str, old: Package | None, new: Package | None) -> Change | None:
    if old is None and new is not None:
        return Change(arch, new.name, "added", new=new.version)
    if old is not None and new is None:
        return Change(arch, old.name, "no longer needed", old=old.version)
    if old is None or new is None or old == new:
        return None
    kind: Literal["new version", "other file"]
    kind = "other file" if old.version == new.version else "new version"
    return Change(arch, old.name, kind, old.version, new.version)


def _by_name(packages: Iterable[Package]) -> dict[str, Package]:
    return {package.name: package for package in packages}
