"""A chain of migrations: a tree of settings from any schema to any other, and what got lost.

Pure. It does not know documents, generations or files; `skyrocket.host.store` does.
"""

from collections.abc import Callable

from msgspec import Struct

from skyrocket.models import keys
from skyrocket.models.keys import Tree


class Migration(Struct, frozen=True):
    """One change of the schema. Both directions take any tree, also one without their keys."""

    about: str
    forward: Callable[[Tree], Tree]
    backward: Callable[[Tree], Tree]


class Loss(Struct, frozen=True):
    """What the way back lost: LEAVES to lay on top after the way forward, and keys to take away."""

    leaves: Tree
    absent: tuple[str, ...] = ()


class Chain:
    """MIGRATIONS in order: the first leads from schema 1 to 2."""

    __slots__ = ("migrations",)

    def __init__(self, migrations: tuple[Migration, ...] = ()) -> None:
        self.migrations = migrations

    @property
    def schema(self) -> int:
        """The schema at the end of the chain: that of the version which ships it."""
        return len(self.migrations) + 1

    def forward(self, tree: Tree, schema: int) -> Tree:
        """TREE, which is of SCHEMA, one schema on."""
        return self.migrations[schema - 1].forward(tree)

    def backward(self, tree: Tree, schema: int) -> tuple[Tree, Loss]:
        """TREE, which is of SCHEMA, one schema back, and what a way forward would not restore."""
        migration = self.migrations[schema - 2]
        before = migration.backward(tree)
        return before, _lost(tree, migration.forward(before))


def restored(tree: Tree, loss: Loss) -> Tree:
    """TREE after the way forward, with what the way back had lost."""
    absent = [keys.parse(text) for text in loss.absent]
    return keys.merge(keys.without(tree, absent), loss.leaves)


def _lost(wanted: Tree, found: Tree) -> Loss:
    ours, theirs = keys.flatten(wanted), keys.flatten(found)
    leaves = {key: leaf for key, leaf in ours.items() if key not in theirs or theirs[key] != leaf}
    absent = tuple(sorted(keys.name(key) for key in theirs if key not in ours))
    return Loss(keys.nest(leaves), absent)
