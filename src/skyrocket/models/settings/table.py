"""The table of settings groups, and the type they make together.

Adding a group is one file in this folder and one line here. Which of them a variant has is said
in its `variant.json`; the others are not imported.
"""

import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from skyrocket.models.keys import Key, Tree
from skyrocket.models.settings.group import Group, Model
from skyrocket.models.settings.mistakes import Mistake, SettingsError, find
from skyrocket.models.settings.scalars import decode, encode

GROUPS = {
    "motd": "skyrocket.models.settings.motd",
    "network": "skyrocket.models.settings.network",
    "dns": "skyrocket.models.settings.dns",
    "ntp": "skyrocket.models.settings.ntp",
    "kernel": "skyrocket.models.settings.kernel",
    "boot": "skyrocket.models.settings.boot",
    "updates": "skyrocket.models.settings.updates",
    "metrics": "skyrocket.models.settings.metrics",
    "pki": "skyrocket.models.settings.pki",
    "container-registry": "skyrocket.models.settings.container_registry",
    "container-runtime": "skyrocket.models.settings.container_runtime",
    "container-runtime-plugins": "skyrocket.models.settings.container_runtime_plugins",
    "image-verifier-plugins": "skyrocket.models.settings.image_verifier_plugins",
    "oci-defaults": "skyrocket.models.settings.oci_defaults",
    "oci-hooks": "skyrocket.models.settings.oci_hooks",
    "host-containers": "skyrocket.models.settings.host_containers",
    "bootstrap-containers": "skyrocket.models.settings.bootstrap_containers",
    "bootstrap-commands": "skyrocket.models.settings.bootstrap_commands",
    "containers": "skyrocket.models.settings.containers",
    "kubernetes": "skyrocket.models.settings.kubernetes",
    "ecs": "skyrocket.models.settings.ecs",
    "aws": "skyrocket.models.settings.aws",
    "autoscaling": "skyrocket.models.settings.autoscaling",
    "cloudformation": "skyrocket.models.settings.cloudformation",
    "nvidia-container-runtime": "skyrocket.models.settings.nvidia_container_runtime",
    "kubelet-device-plugins": "skyrocket.models.settings.kubelet_device_plugins",
    "kubelet-dra-drivers": "skyrocket.models.settings.kubelet_dra_drivers",
    "measurement": "skyrocket.models.settings.measurement",
}
"""Modules in full: the seal of a node finds them by these texts."""


class Schema:
    """The settings one variant has: its groups and the type of the whole."""

    __slots__ = ("groups", "known", "model")

    def __init__(self, groups: Iterable[Group], known: Iterable[str] = GROUPS) -> None:
        self.groups = {group.name: group for group in groups}
        self.known = frozenset(known)
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
        tree, mistakes = self.as_kept(tree)
        try:
            settings = msgspec.convert(tree, self.model, dec_hook=decode)
        except msgspec.ValidationError as error:
            mistakes += self._mistakes(tree) or [Mistake.at("settings", str(error))]
            raise SettingsError(mistakes) from error
        if mistakes:
            raise SettingsError(mistakes)
        return settings

    def value(self, settings: Any, group: str) -> Any:
        """The value of one GROUP in what `read` gave."""
        return getattr(settings, _attribute(group))

    def as_kept(self, tree: Tree) -> tuple[Tree, list[Mistake]]:
        """TREE with the other spellings of keys replaced, and where both were used."""
        mistakes: list[Mistake] = []
        for group in self.groups.values():
            value = tree.get(group.name) if group.aliases and isinstance(tree, dict) else None
            if not isinstance(value, dict) or not group.aliases.keys() & value.keys():
                continue
            twice = [kept for other, kept in group.aliases.items() if {other, kept} <= value.keys()]
            where = f"settings.{group.name}"
            mistakes += [Mistake.at(where, f"duplicate field `{kept}`") for kept in twice]
            renamed = {group.aliases.get(key, key): below for key, below in value.items()}
            tree = {**tree, group.name: renamed}
        return tree, mistakes

    def _mistakes(self, tree: Tree) -> list[Mistake]:
        """Every mistake in TREE, with the reason why a group is not here and what was meant."""
        found = []
        for mistake in find(self.model, tree):
            word = mistake.reason.removeprefix("unknown field `").partition("`")[0]
            if not mistake.reason.startswith("unknown field"):
                found.append(mistake)
            elif mistake.path == "settings" and word in self.known:
                note = f"this variant has no group {word}"
                found.append(Mistake.at("settings", mistake.reason, note=note))
            else:
                meant = mistake.meant or self._elsewhere(word)
                found.append(Mistake.at(mistake.path, mistake.reason, meant))
        return found

    def _elsewhere(self, word: str) -> str:
        """The full name of the one key or table that is called WORD, or ""."""
        from skyrocket.models.settings.leaves import of_group
        from skyrocket.models.settings.spelling import kebab

        plain, places = kebab(word), set[Key]()
        for group in self.groups.values():
            for leaf in of_group(group):
                if plain in leaf.key[1:]:
                    places.add(leaf.key[: leaf.key.index(plain, 1) + 1])
        return f"settings.{'.'.join(places.pop())}" if len(places) == 1 else ""


def load(names: Iterable[str] | None = None, table: dict[str, str] = GROUPS) -> Schema:
    """The schema of the groups NAMES, or of all in TABLE; names of no group are left out."""
    wanted = table if names is None else [name for name in names if name in table]
    return Schema((_group(table[name]) for name in wanted), table)


def _group(module: str) -> Group:
    __import__(module)
    group: Group = sys.modules[module].GROUP
    return group


def _attribute(name: str) -> str:
    return name.replace("-", "_")
