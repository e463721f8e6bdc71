"""From settings to the files and units they mean. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from skyrocket.models.keys import Tree
from skyrocket.models.settings.group import ConfigFile, Rendered
from skyrocket.models.settings.table import Schema


class Plan(Struct, frozen=True):
    """What must be on the node; OWNED are the places where nothing else may be."""

    rendered: tuple[Rendered, ...]
    owned: tuple[ConfigFile, ...]


def plan(schema: Schema, tree: Tree, names: Iterable[str] | None = None) -> Plan:
    """What TREE means for the groups NAMES, or for all; raise SettingsError when it is no tree."""
    settings = schema.read(tree)
    chosen = [g for g in schema.groups.values() if names is None or g.name in names]
    return Plan(
        tuple(
            group.render(schema.value(settings, group.name))
            for group in chosen
            if group.render is not None
        ),
        tuple(file for group in chosen for file in group.files.values()),
    )


def groups_of(keys: Iterable[str]) -> set[str]:
    """The groups to which KEYS (`settings.ntp.options`) belong."""
    return {key.split(".")[1] for key in keys if key.startswith("settings.") and key.count(".")}
