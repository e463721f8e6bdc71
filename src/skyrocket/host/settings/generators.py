"""Values that a node draws for itself when nobody gave them: its seed, its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.models import keys

if TYPE_CHECKING:
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.group import Facts
    from skyrocket.models.settings.table import Schema


def fill(schema: Schema, tree: Tree, facts: Facts) -> Tree:
    """TREE with a value at every generator's key that had nothing at or below it."""
    for group in schema.groups.values():
        for generator in group.generators:
            if not keys.populated(tree, generator.key):
                tree = keys.merge(tree, keys.nest({generator.key: generator.make(facts)}))
    return tree
