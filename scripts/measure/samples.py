"""Several measurements of one thing: the middle, and how far they lie apart. Pure."""

from __future__ import annotations

import statistics
from typing import NamedTuple


class Samples(NamedTuple):
    """Values of one quantity in the order they were measured; never empty."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def table(self, digits: int = 3) -> dict[str, object]:
        """What is written down: no average, because one bad value would hide in it."""
        return {
            "median": round(self.median, digits),
            "min": round(min(self.values), digits),
            "max": round(max(self.values), digits),
            "values": [round(value, digits) for value in self.values],
        }


def interleaved(names: tuple[str, ...], rounds: int) -> list[str]:
    """A B A B: what disturbs the machine for a while then disturbs all of them."""
    return [name for _ in range(rounds) for name in names]
