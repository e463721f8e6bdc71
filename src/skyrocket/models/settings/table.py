"""The table of settings groups, and the type they make together.

Adding a group is one file in this folder and one line here. Which of them a variant has is said
in its `variant.json`.
"""

import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from skyrocket.models.keys import Tree
from skyrocket.models.settings.group import Group, Model
from skyrocket.models.settings.mistakes import SettingsError, find
from skyrocket.models.settings.scalars import decode, encode

GROUPS = {
    "motd": "skyrocket.models.settings.motd",
    "network": "skyrocket.models.settings.network",
    "ntp": "skyrocket.models.settings.ntp",
    "kernel": "skyrocket.models.settings.kernel",
    "updates": "skyrocket.models.settings.updates",
    "container-registry": "skyrocket.models.settings.container_registry",
    "host-containers": "skyrocket.models.settings.host_containers",
    "containers": "skyrocket.models.settings.containers",
}


class Schema:
    """The settings one variant has: its groups and the type of the whole."""

    __slots__ = ("groups", "model")

    def __init__(self, groups: Iterable[Group]) -> None:
        self.groups = {group.name: group for group in groups}
        self.model = msgspec.defstruct(
            "Settings",
            [(_attribute(group.name), group.model | None, None) for group in self.groups.values()],
            bases=(Model,),
            frozen=True,
            kw_only=True,
        )

    def check(self, tree: Tree) -> Tree:
        """TREE in the form that is stored; raise SettingsError with every mistake in it."""
        settings = self.read(tree)
        plain: Tree = msgspec.json.decode(msgspec.json.encode(settings, enc_hook=encode))
        return plain

    def read(self, tree: Tree) -> Any:
        """TREE as a struct with one attribute a group; raise SettingsError."""
        try:
            return msgspec.convert(tree, self.model, dec_hook=decode)
        except msgspec.ValidationError as error:
            mistakes = find(self.model, tree) or [str(error)]
            raise SettingsError(mistakes) from error

    def value(self, settings: Any, group: str) -> Any:
        """The value of one GROUP in what `read` gave."""
        return getattr(settings, _attribute(group))


def load(names: Iterable[str] | None = None, table: dict[str, str] = GROUPS) -> Schema:
    """The schema of the groups NAMES, or of all in TABLE; names of no group are left out."""
    wanted = table if names is None else [name for name in names if name in table]
    return Schema(_group(table[name]) for name in wanted)


def _group(module: str) -> Group:
    __import__(module)
    group: Group = sys.modules[module].GROUP
    return group


def _attribute(name: str) -> str:
    return name.replace("-", "_")
