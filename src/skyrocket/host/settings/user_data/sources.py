"""All sources of user data, in their order, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.settings.errors import UserDataError
from skyrocket.host.settings.user_data import disc
from skyrocket.host.system import files
from skyrocket.models import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.table import Schema

    Disc = Callable[[], tuple[str, bytes] | None]

FOLDER = "/var/lib/bottlerocket"


def read(schema: Schema, folder: str = FOLDER, read_disc: Disc | None = None) -> Tree:
    """What user data wants; nothing when there is none; raise UserDataError."""
    found = list(_found(folder, read_disc or (lambda: disc.read(disc.KernelMounter()))))
    if not found:
        return {}
    from skyrocket.host.settings.user_data.parse import parse

    tree: Tree = {}
    wrong = []
    for name, raw in found:
        try:
            tree = keys.merge(tree, parse(raw, name, schema))
        except UserDataError as error:
            wrong.append(str(error))
    if wrong:
        raise UserDataError("; ".join(wrong))
    return tree


def _found(folder: str, read_disc: Disc) -> Iterator[tuple[str, bytes]]:
    yield from _file(f"{folder}/user-data-defaults.toml")
    yield from _file(f"{folder}/user-data.toml")
    medium = read_disc()
    if medium is not None:
        yield medium
    yield from _file(f"{folder}/user-data-overrides.toml")


def _file(path: str) -> Iterator[tuple[str, bytes]]:
    try:
        raw = files.read(path)
    except OSError as error:
        raise UserDataError(f"cannot read user data {path}: {error.strerror}") from error
    if raw is not None:
        yield path, raw
