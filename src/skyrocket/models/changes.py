"""A change of settings as a client asks for it: values, keys to unset, elements of lists.

Elements are added and removed when the change is committed, so that two changes of one list both
count. Pure; which settings exist is not known here.
"""

from typing import Any

import msgspec
from msgspec import Struct

from skyrocket.models import keys
from skyrocket.models.keys import Key, Tree


class Change(Struct, frozen=True, omit_defaults=True):
    """SETTINGS to merge; the rest names keys in full, without `settings.` in front."""

    settings: Tree = {}
    unset: tuple[str, ...] = ()
    add: dict[str, list[Any]] = {}
    remove: dict[str, list[Any]] = {}


NOTHING = Change()


def touched(change: Change) -> list[Key]:
    """Every key that CHANGE names, sorted by their texts."""
    texts = [*change.unset, *change.add, *change.remove]
    found = {*keys.flatten(change.settings), *(keys.parse(text) for text in texts)}
    return sorted(found, key=keys.name)


def joined(first: Change, second: Change) -> Change:
    """SECOND after FIRST: what is said last about a key counts."""
    gone = [keys.parse(text) for text in second.unset]
    said = list(keys.flatten(second.settings))
    over = [*gone, *said]
    return Change(
        keys.merge(keys.without(first.settings, gone), second.settings),
        tuple(dict.fromkeys((*_not_at(first.unset, said), *second.unset))),
        _elements(first.add, second.add, second.remove, over),
        _elements(first.remove, second.remove, second.add, over),
    )


def applied(tree: Tree, change: Change, defaults: Tree) -> Tree:
    """TREE with CHANGE; a key that is unset gets what DEFAULTS have for it."""
    gone = [keys.parse(text) for text in change.unset]
    tree = keys.without(tree, gone)
    for key in gone:
        if keys.populated(defaults, key):
            tree = keys.merge(tree, keys.nest({key: keys.get(defaults, key)}))
    tree = keys.merge(tree, change.settings)
    for text in dict.fromkeys((*change.remove, *change.add)):
        tree = _edited(
            tree, keys.parse(text), change.remove.get(text, []), change.add.get(text, [])
        )
    return tree


def _edited(tree: Tree, key: Key, out: list[Any], into: list[Any]) -> Tree:
    """The list at KEY without OUT and with INTO at its end; what is there already stays there."""
    found = keys.get(tree, key)
    elements = found if isinstance(found, list) else []
    left = [each for each in elements if each not in out]
    left += [each for each in into if each not in left]
    return keys.merge(tree, keys.nest({key: left}))


def _not_at(texts: tuple[str, ...], said: list[Key]) -> list[str]:
    """TEXTS without those at which, and not below which, something is SAID anew."""
    return [text for text in texts if keys.parse(text) not in said]


def _elements(
    first: dict[str, list[Any]], more: dict[str, list[Any]], less: dict[str, list[Any]],
    over: list[Key],
) -> dict[str, list[Any]]:  # fmt: skip
    """Elements of FIRST and MORE by key, without those in LESS; keys set OVER start anew."""
    left = {
        text: [each for each in elements if each not in less.get(text, [])]
        for text, elements in first.items()
        if not any(keys.parse(text)[: len(key)] == key for key in over)
    }
    for text, elements in more.items():
        left[text] = [*left.get(text, []), *elements]
    return {text: elements for text, elements in left.items() if elements}


def decode(raw: bytes) -> dict[str, Change]:
    """Changes by the names of their transactions; raise MsgspecError."""
    return msgspec.json.decode(raw, type=dict[str, Change])
