"""What a document of settings would do on nodes of one variant, said without a node. Pure."""

from collections.abc import Iterable

import msgspec

from skyrocket.models import keys
from skyrocket.models.keys import Key, Tree
from skyrocket.models.settings import differences, leaves
from skyrocket.models.settings.group import PLACEHOLDERS, Effect
from skyrocket.models.settings.leaves import Leaf
from skyrocket.models.settings.mistakes import Mistake, SettingsError
from skyrocket.models.settings.reference import disturbs
from skyrocket.models.settings.table import Schema


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One setting that is taken, what it does, and what makes it different or idle here."""

    key: str
    about: str
    does: str
    disturbs: str
    idle: str = ""
    differs: str = ""


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """One mistake: where, why, and the key that was probably meant."""

    path: str
    reason: str
    meant: str = ""


class Report(msgspec.Struct, frozen=True):
    """What is taken and what is refused; a node takes a document whole or not at all."""

    variant: str
    taken: list[Said]
    refused: list[Refused]


def make(variant: str, schema: Schema, packages: Iterable[str] | None, tree: Tree) -> Report:
    """The report on TREE for VARIANT, which has PACKAGES; None: they are not known."""
    mistakes: tuple[Mistake, ...] = ()
    try:
        schema.read(tree)
    except SettingsError as error:
        mistakes = error.mistakes
    kept, _ = schema.as_kept(tree)
    taken = _taken(schema, None if packages is None else set(packages), kept)
    return Report(variant, taken, [Refused(m.path, str(m), m.meant) for m in mistakes])


def _taken(schema: Schema, packages: set[str] | None, tree: Tree) -> list[Said]:
    found: dict[Key, Said] = {}
    for name, group in schema.groups.items():
        every = list(leaves.of_group(group))
        value = tree.get(name) if isinstance(tree, dict) else None
        for key in keys.flatten({name: value}) if value is not None else ():
            leaf = next((each for each in every if _is_at(each.key, key)), None)
            if leaf is not None:
                at = key[: len(leaf.key)]
                found[at] = _said(at, leaf, group.effect(at), packages)
    return list(found.values())


def _said(key: Key, leaf: Leaf, effect: Effect, packages: set[str] | None) -> Said:
    return Said(
        keys.name(key),
        leaf.about,
        effect.does,
        disturbs(effect),
        _idle(effect, packages),
        differences.of(key),
    )


def _idle(effect: Effect, packages: set[str] | None) -> str:
    """Why a change has no effect, or ""."""
    if effect.reach == "stored":
        return "kept, and nothing acts on it yet"
    if effect.reach == "rendered":
        return "a file is written that nothing reads yet"
    if packages is not None and effect.packages and not packages.intersection(effect.packages):
        return f"this variant has no {' or '.join(effect.packages)}"
    return ""


def _is_at(pattern: Key, key: Key) -> bool:
    """Whether KEY is the setting PATTERN or a part of its value."""
    fits = [p in PLACEHOLDERS or p == s for p, s in zip(pattern, key, strict=False)]
    return len(key) >= len(pattern) and all(fits)
