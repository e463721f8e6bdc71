"""Names of settings, and what can be done to a tree of settings by name.

A key is a tuple of segments; its text form joins them with dots and quotes a segment that needs
it (`settings.kubernetes.node-labels."a.b/c"`). A tree is plain JSON data: objects are nodes,
everything else, lists included, is a leaf. This module does not know which settings exist.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

Key: TypeAlias = tuple[str, ...]
Tree: TypeAlias = dict[str, Any]

LONGEST = 255
_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/-")


class KeyMistakeError(ValueError):
    """A text that is no key; the message says why."""


def parse(text: str) -> Key:
    """The segments of TEXT; raise KeyMistakeError when it is not a key."""
    if not text:
        raise KeyMistakeError("it is empty")
    if len(text) > LONGEST:
        raise KeyMistakeError(f"it is longer than {LONGEST} characters")
    segments: list[str] = []
    at = 0
    while True:
        segment, at = _quoted(text, at) if text[at : at + 1] == '"' else _bare(text, at)
        segments.append(segment)
        if at == len(text):
            return tuple(segments)
        if text[at] != ".":
            raise KeyMistakeError(f"character {text[at]!r} stands where a dot should")
        at += 1


def _bare(text: str, at: int) -> tuple[str, int]:
    end = text.find(".", at)
    end = len(text) if end < 0 else end
    segment = text[at:end]
    if not segment:
        raise KeyMistakeError("a segment is empty")
    for character in segment:
        if character not in _BARE:
            raise KeyMistakeError(f"character {character!r} needs the segment to be quoted")
    return segment, end


def _quoted(text: str, at: int) -> tuple[str, int]:
    end = text.find('"', at + 1)
    if end < 0:
        raise KeyMistakeError("a quote is not closed")
    segment = text[at + 1 : end]
    if not segment:
        raise KeyMistakeError("a segment is empty")
    return segment, end + 1


def name(key: Key) -> str:
    """The text of KEY, quoted where needed; `parse` gives KEY back."""
    return ".".join(s if s and _BARE.issuperset(s) else f'"{s}"' for s in key)


def flatten(tree: Tree, under: Key = ()) -> dict[Key, Any]:
    """Every leaf of TREE with its key; empty objects hold nothing and vanish."""
    leaves: dict[Key, Any] = {}
    for segment, value in tree.items():
        if isinstance(value, dict):
            leaves.update(flatten(value, (*under, segment)))
        else:
            leaves[(*under, segment)] = value
    return leaves


def nest(leaves: dict[Key, Any]) -> Tree:
    """The tree that has exactly these LEAVES."""
    tree: Tree = {}
    for key, value in leaves.items():
        node = tree
        for segment in key[:-1]:
            node = node.setdefault(segment, {})
        node[key[-1]] = value
    return tree


def merge(base: Tree, patch: Tree) -> Tree:
    """BASE with PATCH on top: objects merge, everything else is replaced whole."""
    merged = dict(base)
    for segment, value in patch.items():
        below = merged.get(segment)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[segment] = merge(below, value)
        else:
            merged[segment] = value
    return merged


def with_prefix(tree: Tree, prefix: str) -> Tree:
    """The part of TREE whose key texts start with PREFIX: `settings.mo` finds `settings.motd`."""
    found = {key: leaf for key, leaf in flatten(tree).items() if name(key).startswith(prefix)}
    return nest(found)


def with_keys(tree: Tree, wanted: list[Key]) -> Tree:
    """The part of TREE at exactly the WANTED keys; those it lacks are left out."""
    leaves = flatten(tree)
    return nest({key: leaves[key] for key in wanted if key in leaves})


def get(tree: Tree, key: Key) -> Any:
    """What stands at KEY, a leaf or an object; None when nothing does."""
    node: Any = tree
    for segment in key:
        if not isinstance(node, dict) or segment not in node:
            return None
        node = node[segment]
    return node


def without(tree: Tree, gone: Iterable[Key]) -> Tree:
    """TREE without everything at or below the keys GONE; objects left empty vanish."""
    for key in gone:
        tree = _without(tree, key)
    return tree


def _without(tree: Tree, key: Key) -> Tree:
    if key[0] not in tree:
        return tree
    below, rest = tree[key[0]], {name: value for name, value in tree.items() if name != key[0]}
    if len(key) == 1:
        return rest
    if not isinstance(below, dict):
        return tree
    left = _without(below, key[1:])
    return {**rest, key[0]: left} if left else rest


def populated(tree: Tree, key: Key) -> bool:
    """Whether anything stands at KEY or below it."""
    node: Any = tree
    for segment in key:
        if not isinstance(node, dict) or segment not in node:
            return False
        node = node[segment]
    return bool(flatten(node)) if isinstance(node, dict) else True
