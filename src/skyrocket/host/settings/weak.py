"""Values that the image chose and nobody else: the next version's take their place. Pure.

A default source of a host container names a version; kept for ever, it would keep the node at that
version. So such a value is noted when it is filled in, and counts as the image's as long as it is
still the noted one and nobody has set it by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.models import keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from skyrocket.models.changes import Change
    from skyrocket.models.keys import Key, Tree
    from skyrocket.models.settings.table import Schema

    Noted = dict[str, Any]


def refilled(schema: Schema, tree: Tree, noted: Noted, defaults: Tree) -> tuple[Tree, Noted]:
    """TREE with DEFAULTS where it has nothing or what a former image chose, and what to note.

    A weak value for which there is no default any more stays: half a container is worse than an
    old one.
    """
    chosen = keys.flatten(defaults)
    before = keys.flatten(tree)
    former = [key for key in chosen if _stands(key, before, noted)]
    filled = keys.merge(defaults, keys.without(tree, former))
    new = [key for key in chosen if key in former or key not in before]
    return filled, {**_standing(noted, before), **_note(schema, filled, new)}


def after(schema: Schema | None, change: Change, noted: Noted, settings: Tree) -> Noted:
    """What is noted once CHANGE has led to SETTINGS; without SCHEMA it unsets nothing."""
    left = said(change.settings, noted)
    if schema is None:
        return left
    gone = [keys.parse(text) for text in change.unset]
    back = [key for key in keys.flatten(settings) if any(key[: len(g)] == g for g in gone)]
    return {**left, **_note(schema, settings, back)}


def said(tree: Tree, noted: Noted) -> Noted:
    """NOTED without the keys that TREE gives a value: somebody has set them, be it to the same."""
    names = {keys.name(key) for key in keys.flatten(tree)}
    return {name: value for name, value in noted.items() if name not in names}


def _note(schema: Schema, tree: Tree, some: Iterable[Key]) -> Noted:
    leaves = keys.flatten(tree)
    return {
        keys.name(key): leaves[key]
        for key in some
        if key in leaves and schema.groups[key[0]].is_weak(key)
    }


def _stands(key: Key, leaves: dict[Key, Any], noted: Noted) -> bool:
    name = keys.name(key)
    return name in noted and key in leaves and leaves[key] == noted[name]


def _standing(noted: Noted, leaves: dict[Key, Any]) -> Noted:
    """The notes that still hold, so that the others are forgotten with the next version."""
    return {
        name: value for name, value in noted.items() if _stands(keys.parse(name), leaves, noted)
    }
