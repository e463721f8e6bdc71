"""The values settings have when nobody says anything: of each group, then of the variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.settings.errors import DefaultsError
from skyrocket.host.system import files
from skyrocket.models import keys
from skyrocket.models.settings.mistakes import SettingsError

if TYPE_CHECKING:
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.table import Schema

PATH = "/usr/share/skyrocket/defaults.toml"


def of_groups(schema: Schema) -> Tree:
    """What the groups themselves suggest."""
    return {g.name: g.defaults for g in schema.groups.values() if g.defaults is not None}


def of_variant(schema: Schema, path: str = PATH) -> Tree:
    """The groups' defaults with those of the variant's file on top; raise DefaultsError."""
    raw = files.read(path)
    if raw is None:
        return of_groups(schema)
    import tomllib

    try:
        tree = tomllib.loads(raw.decode()).get("settings", {})
        return keys.merge(of_groups(schema), schema.check(tree))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, SettingsError) as error:
        raise DefaultsError(f"cannot use defaults {path}: {error}") from error
