"""A store that forgets: for tests, and for a node whose private partition cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.store.document import decode, encode

if TYPE_CHECKING:
    from skyrocket.host.store.document import Document


class MemoryStore:
    """A Store that keeps the bytes a file would have."""

    __slots__ = ("aside", "raw")

    def __init__(self, raw: bytes | None = None) -> None:
        self.raw = raw
        self.aside: bytes | None = None

    def load(self) -> Document | None:
        return None if self.raw is None else decode(self.raw, "in memory")

    def save(self, document: Document) -> None:
        self.raw = encode(document)

    def set_aside(self) -> str | None:
        self.aside, self.raw = self.raw, None
        return "in memory"
