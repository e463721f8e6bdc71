"""The store on the private partition: one file, replaced whole at each commit."""

# ruff: noqa: PTH104  (pathlib is 20 modules at start-up)

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from skyrocket.host.store.document import SCHEMA, decode, encode
from skyrocket.host.store.errors import UnreadableError
from skyrocket.host.system import clock, files

if TYPE_CHECKING:
    from skyrocket.host.store.document import Document

FOLDER = "/var/lib/bottlerocket/store"


class Store(Protocol):
    """Where a settings document is kept."""

    def load(self) -> Document | None:
        """The document; None when there is none yet; UnreadableError when it cannot be used."""

    def save(self, document: Document) -> None:
        """Keep DOCUMENT: when this returns, a power cut does not undo it."""

    def set_aside(self) -> str | None:
        """Put an unusable document out of the way and say where it is now."""


class FileStore:
    """A Store in a folder."""

    __slots__ = ("path",)

    def __init__(self, folder: str = FOLDER) -> None:
        self.path = f"{folder}/settings-{SCHEMA}.json"

    def load(self) -> Document | None:
        try:
            raw = files.read(self.path)
        except OSError as error:
            raise UnreadableError(f"cannot read settings {self.path}: {error.strerror}") from error
        return None if raw is None else decode(raw, self.path)

    def save(self, document: Document) -> None:
        files.replace(self.path, encode(document), 0o600, durable=True)

    def set_aside(self) -> str | None:
        aside = f"{self.path}.unreadable-{clock.stamp()}"
        try:
            os.rename(self.path, aside)
        except OSError:
            return None
        return aside
