"""Decide the settings of this boot. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.settings import generators
from skyrocket.host.store.document import Document
from skyrocket.models import keys
from skyrocket.models.generations import Origin

if TYPE_CHECKING:
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.group import Facts
    from skyrocket.models.settings.table import Schema


def settle(
    schema: Schema,
    stored: Document | None,
    defaults: Tree,
    user_data: Tree | None,
    facts: Facts,
    version: str,
) -> Document:
    """The document after this boot; STORED itself when nothing changes.

    DEFAULTS fill what is missing (at first boot, and once for each VERSION). USER_DATA lies on top
    of everything; it is None when there is none to take in now, be it read before or wrong.
    """
    tree = stored.settings if stored else {}
    if stored is None or stored.filled_by != version:
        tree = keys.merge(defaults, tree)
    if user_data is not None:
        tree = keys.merge(tree, user_data)
    tree = generators.fill(schema, tree, facts)
    before = stored or Document({})
    taken = before.user_data or user_data is not None
    if stored and tree == stored.settings and stored.filled_by == version:
        return msgspec.structs.replace(stored, user_data=taken)
    return msgspec.structs.replace(before.following(tree), filled_by=version, user_data=taken)


def dated(document: Document, found: Document | None, schema: int, time: str) -> Document:
    """DOCUMENT of our SCHEMA with TIME and what made it, given the one FOUND at the start."""
    origin = Origin("boot", note=document.filled_by)
    if document.user_data and not (found and found.user_data):
        origin = Origin("user-data")
    if found is not None and found.schema != schema:
        origin = Origin("migration", note=f"from schema {found.schema} to {schema}")
    return msgspec.structs.replace(document, origin=origin, time=time, schema=schema)
