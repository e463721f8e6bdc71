"""The one document that holds a node's settings, and its form on disk.

One document a schema version; GENERATION grows by one with every commit, over all schema
versions, so the newest document is known without a clock.
"""

import msgspec
from msgspec import Struct

from skyrocket.host.store.errors import UnreadableError
from skyrocket.models.keys import Tree

SCHEMA = 1


class Document(Struct, frozen=True):
    """Settings as they are committed.

    FILLED_BY is the version whose defaults have been filled in; USER_DATA says whether user data
    has been taken in (it is read until it once was right).
    """

    settings: Tree
    generation: int = 0
    filled_by: str = ""
    user_data: bool = False
    schema: int = SCHEMA

    def following(self, settings: Tree) -> "Document":
        """The document after a commit of SETTINGS."""
        return msgspec.structs.replace(self, settings=settings, generation=self.generation + 1)


def encode(document: Document) -> bytes:
    """DOCUMENT as it stands in the file."""
    return msgspec.json.encode(document, order="deterministic") + b"\n"


def decode(raw: bytes, path: str) -> Document:
    """The document in RAW; raise UnreadableError that names PATH."""
    try:
        document = msgspec.json.decode(raw, type=Document)
    except msgspec.MsgspecError as error:
        raise UnreadableError(f"cannot read settings {path}: {error}") from error
    if document.schema != SCHEMA:
        raise UnreadableError(f"cannot read settings {path}: schema {document.schema}")
    return document
