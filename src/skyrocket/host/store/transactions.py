"""Pending changes by transaction, and what committing them means. Pure: no files, no locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.models import changes, keys
from skyrocket.models.changes import Change

if TYPE_CHECKING:
    from skyrocket.models.keys import Tree

DEFAULT = "default"
UNDER = ("settings",)


class Transactions:
    """Names of transactions with the changes each would make; every change gives a new one."""

    __slots__ = ("pending",)

    def __init__(self, pending: dict[str, Change] | None = None) -> None:
        self.pending = pending or {}

    def names(self) -> list[str]:
        return sorted(self.pending)

    def change(self, name: str) -> Change:
        """What NAME would do; nothing when there is no such transaction."""
        return self.pending.get(name, changes.NOTHING)

    def get(self, name: str) -> Tree:
        """What NAME would set."""
        return self.change(name).settings

    def patched(self, name: str, patch: Tree) -> Transactions:
        """With PATCH merged into NAME."""
        return self.changed_by(name, Change(patch))

    def changed_by(self, name: str, change: Change) -> Transactions:
        """With CHANGE on top of NAME. One that names no key opens no transaction."""
        if not changes.touched(change):
            return self
        joined = changes.joined(self.change(name), change)
        return Transactions({**self.pending, name: joined})

    def without(self, name: str) -> Transactions:
        return Transactions({key: each for key, each in self.pending.items() if key != name})

    def changed(self, name: str) -> list[str]:
        """The texts of all keys in NAME, `settings.` in front, sorted."""
        return texts(self.change(name))


def texts(change: Change) -> list[str]:
    """The full texts of all keys in CHANGE, sorted."""
    return sorted(keys.name((*UNDER, *key)) for key in changes.touched(change))
