"""The usual kinds of migrations; one that is none of these writes its two functions itself."""

from collections.abc import Iterable

from skyrocket.migrations.chain import Migration
from skyrocket.models import keys
from skyrocket.models.keys import Key, Tree


def added(*texts: str) -> Migration:
    """Keys, or whole subtrees, that the schema before did not know."""
    gone = [keys.parse(text) for text in texts]
    return Migration(f"adds {_list(texts)}", _same, lambda tree: keys.without(tree, gone))


def removed(*texts: str) -> Migration:
    """Keys, or whole subtrees, that the new schema knows no more."""
    gone = [keys.parse(text) for text in texts]
    return Migration(f"removes {_list(texts)}", lambda tree: keys.without(tree, gone), _same)


def renamed(old: str, new: str) -> Migration:
    """One key, or subtree, under another name."""
    before, after = keys.parse(old), keys.parse(new)
    return Migration(
        f"renames {old} to {new}",
        lambda tree: _moved(tree, before, after),
        lambda tree: _moved(tree, after, before),
    )


def replaced(text: str, old: object, new: object) -> Migration:
    """One value of a key by another, such as a default's; other values stay."""
    key = keys.parse(text)
    return Migration(
        f"replaces a value of {text}",
        lambda tree: _swapped(tree, key, old, new),
        lambda tree: _swapped(tree, key, new, old),
    )


def _same(tree: Tree) -> Tree:
    return tree


def _moved(tree: Tree, source: Key, target: Key) -> Tree:
    if not keys.populated(tree, source):
        return tree
    value = keys.get(tree, source)
    return keys.merge(keys.without(tree, [source]), keys.nest({target: value}))


def _swapped(tree: Tree, key: Key, old: object, new: object) -> Tree:
    found = keys.get(tree, key)
    same = found == old and isinstance(found, bool) == isinstance(old, bool)
    return keys.merge(tree, keys.nest({key: new})) if same else tree


def _list(texts: Iterable[str]) -> str:
    return ", ".join(texts)
