"""Decide the settings of this boot. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.settings import weak
from skyrocket.host.store.document import Document
from skyrocket.models import keys, trials
from skyrocket.models.generations import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.table import Schema
    from skyrocket.models.trials import Trial


def settle(
    schema: Schema,
    stored: Document | None,
    defaults: Tree,
    user_data: Tree | None,
    generate: Callable[[Tree], Tree],
    version: str,
) -> Document:
    """The document after this boot; STORED itself when nothing changes.

    DEFAULTS fill what is missing, and replace what a former image chose (at first boot, and once
    for each VERSION). USER_DATA lies on top of everything; it is None when there is none to take in
    now, be it read before or wrong. What is then still missing, GENERATE adds.
    """
    before = stored or Document({})
    tree, noted = before.settings, before.weak
    if stored is None or stored.filled_by != version:
        tree, noted = weak.refilled(schema, tree, noted, defaults)
    if user_data is not None:
        tree, noted = keys.merge(tree, user_data), weak.said(user_data, noted)
    tree = generate(tree)
    taken = before.user_data or user_data is not None
    if stored and tree == stored.settings and stored.filled_by == version:
        return msgspec.structs.replace(stored, user_data=taken, weak=noted)
    return msgspec.structs.replace(
        before.following(tree), filled_by=version, user_data=taken, weak=noted
    )


def settle_trial(document: Document, trial: Trial, now: float, boot: str, time: str) -> Document:
    """DOCUMENT at the start of BOOT: its TRIAL goes on, gets a second window, or is over."""
    verdict = trials.judge_boot(trial, now, boot)
    if verdict == "wait":
        return document
    if verdict == "renew":
        return msgspec.structs.replace(document, trial=trials.renewed(trial, now, boot))
    if verdict == "take back":
        document = document.taken_back(trial, "not confirmed before the node restarted", time)
    return msgspec.structs.replace(document, trial=None)


def dated(document: Document, found: Document | None, schema: int, time: str) -> Document:
    """DOCUMENT of our SCHEMA with TIME and what made it, given the one FOUND at the start."""
    origin = Origin("boot", note=document.filled_by)
    if document.user_data and not (found and found.user_data):
        origin = Origin("user-data")
    if found is not None and found.schema != schema:
        origin = Origin("migration", note=f"from schema {found.schema} to {schema}")
    return msgspec.structs.replace(document, origin=origin, time=time, schema=schema)
