"""The one document that holds a node's settings, and its form on disk.

One document a schema version; GENERATION grows by one with every commit, over all schema
versions, so the newest document is known without a clock. The document around the settings is
read by every version: its fields only ever grow in number.
"""

from typing import Any

import msgspec
from msgspec import Struct

from skyrocket.host.store.errors import UnreadableError
from skyrocket.migrations.chain import Loss
from skyrocket.models import trials
from skyrocket.models.generations import Entry, Origin
from skyrocket.models.keys import Tree
from skyrocket.models.trials import Trial

UNKNOWN = Origin()


class Kept(Struct, frozen=True):
    """What SCHEMA's document had and this one cannot hold; it counts for one GENERATION alone."""

    schema: int
    generation: int
    loss: Loss


class Document(Struct, frozen=True, omit_defaults=True):
    """Settings as they are committed.

    FILLED_BY is the version whose defaults have been filled in; USER_DATA says whether user data
    has been taken in (it is read until it once was right). TIME is for people: nothing is
    decided by it. TRIAL is of a change in it that nobody has confirmed yet. WEAK are values that
    the image chose, by the names of their keys (`skyrocket.host.settings.weak`).
    """

    settings: Tree
    generation: int = 0
    filled_by: str = ""
    user_data: bool = False
    schema: int = 1
    time: str = ""
    origin: Origin = UNKNOWN
    kept: tuple[Kept, ...] = ()
    trial: Trial | None = None
    weak: dict[str, Any] = {}

    def following(self, settings: Tree, origin: Origin = UNKNOWN, time: str = "") -> "Document":
        """The document after a commit of SETTINGS.

        What a migration kept outlives what the node does by itself, and nothing that a person did:
        it must not come back over a later choice.
        """
        generation = self.generation + 1
        kept = [each for each in self.kept if each.generation == self.generation]
        lasting = [msgspec.structs.replace(each, generation=generation) for each in kept]
        return msgspec.structs.replace(
            self,
            settings=settings,
            generation=generation,
            origin=origin,
            time=time,
            kept=tuple(lasting) if origin.by in ("boot", "migration") else (),
        )

    def taken_back(self, trial: Trial, why: str, time: str) -> "Document":
        """The document with the values that were there before TRIAL; the node has to follow."""
        before = self.following(
            trials.returned(self.settings, trial), Origin("rollback", note=why), time
        )
        return msgspec.structs.replace(before, trial=trials.in_phase(trial, "returning"))

    def entry(self, *, current: bool) -> Entry:
        """This document's line in the history."""
        by, who, note = self.origin.by, self.origin.who, self.origin.note
        return Entry(self.generation, self.time, by, who, note, self.schema, current)


def encode(document: Document) -> bytes:
    """DOCUMENT as it stands in the file."""
    return msgspec.json.encode(document, order="deterministic") + b"\n"


def decode(raw: bytes, path: str) -> Document:
    """The document in RAW; raise UnreadableError that names PATH."""
    try:
        return msgspec.json.decode(raw, type=Document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError(f"cannot read settings {path}: {error}") from error
