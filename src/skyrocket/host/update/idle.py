"""Which slot is idle, and what the partition table says about it before, during and after. Pure.

A slot is found by the two ends of its root hash. While it is written its identifiers are random, so
that no kernel image finds a half-written root. Deliberately unknown here: disks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skyrocket.host.update.errors import SlotError
from skyrocket.models import disk

if TYPE_CHECKING:
    from skyrocket.models.gpt import Table


class Pair(NamedTuple):
    """Places in the partition table: a root and its hash tree."""

    root: int
    hash: int


class Slots(NamedTuple):
    running: Pair
    idle: Pair


def find(table: Table, root_hash: str) -> Slots:
    """The slots of TABLE when ROOT_HASH runs."""
    root_id = disk.root_ids(root_hash)[0]
    pairs = [Pair(*_places(table, labels)) for labels in zip(disk.ROOTS, disk.HASHES, strict=True)]
    ids = {pair: entry.id for pair in pairs if (entry := table.entries[pair.root])}
    running = [pair for pair in pairs if ids[pair] == root_id]
    if len(running) != 1:
        raise SlotError("cannot find the running slot: no partition has its identifier")
    return Slots(running[0], next(pair for pair in pairs if pair != running[0]))


def _places(table: Table, labels: tuple[str, str]) -> list[int]:
    found = []
    for label in labels:
        places = [at for at, entry in enumerate(table.entries) if entry and entry.name == label]
        if len(places) != 1:
            raise SlotError(f"cannot find the slots: {len(places)} partitions are called {label}")
        found += places
    return found


def named(table: Table, pair: Pair, ids: tuple[str, str]) -> Table:
    """TABLE with the identifiers IDS for root and tree of PAIR."""
    for place, ident in zip(pair, ids, strict=True):
        entry = table.entries[place]
        if entry is not None:
            table = table.replaced(place, entry.moved(ident=ident))
    return table


def room(table: Table, place: int) -> int:
    """Bytes of the partition at PLACE."""
    entry = table.entries[place]
    return entry.sectors * table.sector if entry else 0
