"""Which blocks of a new version are here already, and how the others are asked for. Pure.

A run is a stretch of blocks that lie one after the other on both sides, so that it is read and
written in one go. Deliberately unknown here: disks and servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_RUN = 256
GAP = 16
"""Blocks fetched although they are here, rather than asking once more (64 KiB)."""
LARGEST_FETCH = 4096
"""Blocks of one request, 16 MiB: what a dead line can cost at most is less than that."""
_PREFIX = 8


class Hashes(Protocol):
    """What each block must hash to: a verity tree of a root, an index of a file. SIZE in bytes."""

    @property
    def blocks(self) -> int: ...
    @property
    def size(self) -> int: ...
    def digest(self, number: int, /) -> bytes: ...
    def fits(self, number: int, block: bytes | memoryview, /) -> bool: ...


class Run(NamedTuple):
    """SIZE blocks from TARGET on, which lie at SOURCE on the other side."""

    target: int
    source: int
    size: int


class Extent(NamedTuple):
    """Blocks FIRST to LAST, both included."""

    first: int
    last: int


def index(hashes: Hashes) -> dict[bytes, int]:
    """Where a block with a hash lies; by the hash's first bytes, since each is checked anyway."""
    return {hashes.digest(number)[:_PREFIX]: number for number in range(hashes.blocks)}


def sources(
    new: Hashes, old: dict[bytes, int], wanted: Iterable[int]
) -> tuple[list[Run], list[int]]:
    """Runs to copy for the blocks WANTED of NEW, and the blocks that are nowhere in OLD."""
    runs: list[Run] = []
    missing: list[int] = []
    for number in wanted:
        at = old.get(new.digest(number)[:_PREFIX])
        if at is None:
            missing.append(number)
            continue
        last = runs[-1] if runs else None
        if last and last.size < LONGEST_RUN and follows(last, number, at):
            runs[-1] = last._replace(size=last.size + 1)
        else:
            runs.append(Run(number, at, 1))
    return runs, missing


def follows(run: Run, target: int, source: int) -> bool:
    return (target, source) == (run.target + run.size, run.source + run.size)


def extents(missing: Sequence[int], gap: int = GAP) -> list[Extent]:
    """The stretches to ask for, so that all MISSING come with few requests."""
    found: list[Extent] = []
    for number in missing:
        last = found[-1] if found else None
        if last and number - last.last <= gap + 1 and number - last.first < LARGEST_FETCH:
            found[-1] = last._replace(last=number)
        else:
            found.append(Extent(number, number))
    return found
