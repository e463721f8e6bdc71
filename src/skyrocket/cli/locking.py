"""`lock`, `bundle`, `sources`: the builder's verbs, with our terminal as their reporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.lock import verbs
from skyrocket.cli.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skyrocket.models.progress import Reporter


def lock(argv: list[str]) -> int:
    return _told(verbs.lock, argv)


def bundle(argv: list[str]) -> int:
    return _told(verbs.write_bundle, argv)


def sources(argv: list[str]) -> int:
    return _told(verbs.fetch_sources, argv)


def _told(verb: Callable[[Sequence[str], Reporter], int], argv: list[str]) -> int:
    with shown() as report:
        return verb(argv, report)
