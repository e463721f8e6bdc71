"""Pending changes by transaction, and what committing them means. Pure: no files, no locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.store.errors import NoChangesError
from skyrocket.models import keys

if TYPE_CHECKING:
    from skyrocket.models.keys import Tree

DEFAULT = "default"
UNDER = ("settings",)


class Transactions:
    """Names of transactions with the settings each would set; every change gives a new one."""

    __slots__ = ("pending",)

    def __init__(self, pending: dict[str, Tree] | None = None) -> None:
        self.pending = pending or {}

    def names(self) -> list[str]:
        return sorted(self.pending)

    def get(self, name: str) -> Tree:
        """What NAME would set; nothing when there is no such transaction."""
        return self.pending.get(name, {})

    def patched(self, name: str, patch: Tree) -> Transactions:
        """With PATCH merged into NAME. A patch without a leaf opens no transaction."""
        if not keys.flatten(patch):
            return self
        return Transactions({**self.pending, name: keys.merge(self.get(name), patch)})

    def without(self, name: str) -> Transactions:
        return Transactions({key: tree for key, tree in self.pending.items() if key != name})

    def changed(self, name: str) -> list[str]:
        """The texts of all keys in NAME, `settings.` in front, sorted."""
        return sorted(keys.name(key) for key in keys.flatten(self.get(name), UNDER))

    def committed(self, name: str, live: Tree) -> tuple[Tree, list[str]]:
        """LIVE with NAME on top, and the keys NAME holds; raise NoChangesError when it is empty."""
        changed = self.changed(name)
        if not changed:
            raise NoChangesError
        return keys.merge(live, self.get(name)), changed
