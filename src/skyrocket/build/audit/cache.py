"""Facts of contents that were read before, in one file of the cache.

A content is known by what names it in the cache (see `stages.source`). The rules of reading are
part of the file's name, so new fingerprints make everything be read anew.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from skyrocket.build import step
from skyrocket.build.audit.model import Facts
from skyrocket.build.image.stages import source

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.build.image.entries import Entry

READERS = ("content.py", "fingerprints.py", "model.py")


class Remembering:
    """`classify` for entries, which reads a content at most once in the life of a cache."""

    def __init__(self, folder: Path, classify: Callable[[bytes], Facts]) -> None:
        here = Path(__file__).parent
        name = step.identity("facts", {"code": [step.digest(here / one) for one in READERS]})
        self._file = folder / f"{name}.json"
        self._classify = classify
        self._known = _load(self._file)
        self._fresh: dict[str, Facts] = {}

    def __call__(self, entry: Entry) -> Facts:
        if isinstance(entry.content, bytes):  # small, and known to nobody else
            return self._classify(entry.content)
        key = source(entry)
        facts = self._known.get(key) or self._fresh.get(key)
        if facts is None:
            facts = self._classify(entry.read())
            self._fresh[key] = facts
        return facts

    def save(self) -> None:
        """Keep what was read now; another process's file may win, that only costs time."""
        if not self._fresh:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".facts-", dir=self._file.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(self._known | self._fresh))
        Path(name).replace(self._file)


def _load(file: Path) -> dict[str, Facts]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Facts])
    except (OSError, msgspec.DecodeError):
        return {}
