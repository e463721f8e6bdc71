"""A store that forgets: for tests, and for a node whose private partition cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.store.document import decode, encode
from skyrocket.host.store.errors import NoGenerationError
from skyrocket.migrations import table

if TYPE_CHECKING:
    from skyrocket.host.store.document import Document
    from skyrocket.migrations.chain import Chain
    from skyrocket.models.generations import Entry


class MemoryStore:
    """A Store that keeps the bytes a file would have."""

    __slots__ = ("aside", "chain", "past", "raw")

    def __init__(self, raw: bytes | None = None, chain: Chain | None = None) -> None:
        self.raw = raw
        self.aside: bytes | None = None
        self.past: dict[int, bytes] = {}
        self.chain = chain or table.load()

    def load(self) -> Document | None:
        return None if self.raw is None else decode(self.raw, "in memory")

    def save(self, document: Document) -> None:
        replaced = None if self.raw is None else decode(self.raw, "in memory").generation
        if self.raw is not None and replaced is not None and replaced < document.generation:
            self.past[replaced] = self.raw
        self.raw = encode(document)

    def set_aside(self) -> str | None:
        self.aside, self.raw = self.raw, None
        return "in memory"

    def history(self) -> list[Entry]:
        now = self.load()
        past = [decode(raw, "in memory").entry(current=False) for raw in self.past.values()]
        return [*past, now.entry(current=True)] if now else past

    def generation(self, number: int) -> Document:
        now = self.load()
        if now is not None and now.generation == number:
            return now
        if number not in self.past:
            raise NoGenerationError(number)
        return decode(self.past[number], "in memory")
