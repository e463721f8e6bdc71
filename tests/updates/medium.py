"""A disk made anew from a log of writes, as it is after a power cut: nothing is copied.

    base image  ◀  what was flushed  ◀  what happened to arrive

Only areas that are looked at are kept: operations elsewhere are dropped. An area has a key that
changes whenever its bytes may, so that a verdict about it is made once. Deliberately unknown here:
what the areas hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from updates.cuts import Piece
from updates.log import SECTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from updates.cuts import Choice
    from updates.log import Op

_SHIFT = 24
_MASK = (1 << _SHIFT) - 1
ZERO = bytes(SECTOR)
SMALL = 128  # sectors


class Medium:
    """The disk READ_AT(offset, length) with the areas called by name: ranges of sectors."""

    def __init__(
        self,
        read_at: Callable[[int, int], bytes],
        areas: dict[str, tuple[range, ...]],
        ops: Sequence[Op],
    ) -> None:
        self.read_at, self.areas, self.ops = read_at, areas, ops
        self.touched = [self._touched(op) for op in ops]
        self._places: dict[int, int] = {}
        self._versions = dict.fromkeys(areas, 0)

    @property
    def seen(self) -> list[bool]:
        return [bool(names) for names in self.touched]

    def _touched(self, op: Op) -> tuple[str, ...]:
        first, last = op.sector, op.sector + op.count
        return tuple(
            name
            for name, ranges in self.areas.items()
            if op.count and any(first < one.stop and last > one.start for one in ranges)
        )

    def settle(self, ops: Iterable[int]) -> None:
        """These operations are on the medium for good."""
        for number in ops:
            op = self.ops[number]
            for at in range(op.count):
                self._places[op.sector + at] = number << _SHIFT | at
            for name in self.touched[number]:
                self._versions[name] += 1

    def state(self, choice: Choice = ()) -> State:
        """The disk when CHOICE of the pending operations has arrived as well."""
        return State(self, choice, dict(self._versions))

    def place(self, sector: int) -> int | None:
        return self._places.get(sector)

    def content(self, place: int) -> bytes | memoryview:
        data, at = self.ops[place >> _SHIFT].data, (place & _MASK) * SECTOR
        return ZERO if data is None else data[at : at + SECTOR]

    def changes(self, pending: Sequence[int], most: int = SMALL) -> list[Piece]:
        """The sectors of PENDING that differ from what is settled; none when they are many."""
        if sum(self.ops[number].count for number in pending) > most:
            return []
        now, found = self.state(), []
        for number in pending:
            op = self.ops[number]
            for at in range(op.count):
                before = now.read((op.sector + at) * SECTOR, SECTOR)
                if before != bytes(self.content(number << _SHIFT | at)):
                    found.append(Piece(number, at, at + 1))
        return found


class State:
    """One disk; good until the medium settles more."""

    def __init__(self, medium: Medium, choice: Choice, versions: dict[str, int]) -> None:
        self._medium, self._versions = medium, versions
        self._arrived: dict[int, int] = {}
        self._pieces: dict[str, list[Piece]] = {}
        for piece in choice:
            start = medium.ops[piece.op].sector
            for at in range(piece.start, piece.stop):
                self._arrived[start + at] = piece.op << _SHIFT | at
            for name in medium.touched[piece.op]:
                self._pieces.setdefault(name, []).append(piece)

    def key(self, *areas: str) -> Hashable:
        """The same as long as the bytes of AREAS are."""
        return tuple((self._versions[a], tuple(self._pieces.get(a, ()))) for a in areas)

    def place(self, sector: int) -> int | None:
        """Where the content of SECTOR comes from; None: from the base image."""
        found = self._arrived.get(sector)
        return self._medium.place(sector) if found is None else found

    def read(self, at: int, length: int) -> bytes:
        """LENGTH bytes from byte AT of the disk on."""
        first, last = at // SECTOR, -(-(at + length) // SECTOR)
        raw = bytearray(self._medium.read_at(first * SECTOR, (last - first) * SECTOR))
        raw.extend(bytes((last - first) * SECTOR - len(raw)))
        for sector in range(first, last):
            place = self.place(sector)
            if place is not None:
                start = (sector - first) * SECTOR
                raw[start : start + SECTOR] = self._medium.content(place)
        inside = at - first * SECTOR
        return bytes(raw[inside : inside + length])

    def runs(self) -> list[tuple[int, int]]:
        """Sectors that may differ from the base image: (first, count), those in a row together."""
        found: list[tuple[int, int]] = []
        for sector in sorted({*self._medium._places, *self._arrived}):
            if found and sector == sum(found[-1]):
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((sector, 1))
        return found
