"""Where the power may go, and what of the pending writes the medium has then. Pure.

Between two flushes any part of the writes may have arrived, sector by sector. With few of them
every subset is made; with many the chance decides, and leans on those in which one write is missing
or the last ones are. Deliberately unknown here: what is written.
"""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from updates.log import Op

FEW = 4
FEW_SECTORS = 6


class Piece(NamedTuple):
    """Sectors START to STOP (without it) of operation OP, counted from its first."""

    op: int
    start: int
    stop: int


Choice = tuple[Piece, ...]


class Interval(NamedTuple):
    """Operations PENDING between two flushes, and the place in the log at which the second ends."""

    settled: tuple[int, ...]  # on the medium since the flush that begins it
    pending: tuple[int, ...]
    end: int


class Effort(NamedTuple):
    """How many states an interval with more than FEW writes gets, and how many torn ones any."""

    random: int = 16
    torn: int = 4


def intervals(ops: Sequence[Op], seen: Sequence[bool]) -> Iterator[Interval]:
    """The log cut at its flushes; only operations that are SEEN are listed."""
    before: list[int] = []
    pending: list[int] = []
    for number, op in enumerate(ops):
        if op.flush:
            yield Interval(tuple(before), tuple(pending), op.end)
            before, pending = pending, []
        if op.count and seen[number]:
            pending.append(number)
    end = ops[-1].end if ops else 0
    yield Interval(tuple(before), tuple(pending), end)


def choices(
    pending: Sequence[int],
    sizes: Sequence[int],
    chance: random.Random,
    effort: Effort,
    changed: Sequence[Piece] = (),
) -> Iterator[Choice]:
    """What may have arrived of PENDING, whose SIZES are in sectors; no choice comes twice.

    CHANGED are the sectors that matter, when they are known: of a few of them all subsets are made,
    too, whichever writes they belong to.
    """
    made: set[Choice] = set()
    count = range(len(changed) + 1 if len(changed) <= FEW_SECTORS else 0)
    subsets = chain.from_iterable(combinations(changed, number) for number in count)
    for choice in chain(_all_choices(pending, sizes, chance, effort), subsets):
        if choice not in made:
            made.add(choice)
            yield choice


def _all_choices(
    pending: Sequence[int], sizes: Sequence[int], chance: random.Random, effort: Effort
) -> Iterator[Choice]:
    whole = [Piece(op, 0, size) for op, size in zip(pending, sizes, strict=True)]
    if len(whole) <= FEW:
        for count in range(len(whole) + 1):
            yield from combinations(whole, count)
    else:
        yield ()
        yield tuple(whole)
        for number in range(effort.random):
            yield _random(whole, number, chance)
    for _ in range(effort.torn if whole else 0):
        yield _torn(whole, chance)


def _random(whole: list[Piece], number: int, chance: random.Random) -> Choice:
    odd = chance.randrange(len(whole))
    match number % 4:
        case 0:  # one is missing
            return tuple(each for at, each in enumerate(whole) if at != odd)
        case 1:  # the last ones are missing
            return tuple(whole[:odd])
        case 2:  # the first ones are missing
            return tuple(whole[odd:])
        case _:
            return tuple(each for each in whole if chance.random() < 0.5)


def _torn(whole: list[Piece], chance: random.Random) -> Choice:
    """At least one write arrives in part, the others whole, in part, or not at all."""
    odd = chance.randrange(len(whole))
    found: list[Piece] = []
    for at, each in enumerate(whole):
        fate = "torn" if at == odd else chance.choice(("torn", "whole", "missing"))
        if fate == "torn":
            found += _parts(each, chance)
        elif fate == "whole":
            found.append(each)
    return tuple(found)


def _parts(each: Piece, chance: random.Random) -> list[Piece]:
    """Some sectors of a write: single ones of a small write, up to three stretches of a large."""
    if each.stop <= 8:
        picked = [at for at in range(each.stop) if chance.random() < 0.5]
        return [Piece(each.op, at, at + 1) for at in picked]
    marks = sorted(chance.sample(range(each.stop + 1), min(6, each.stop)))
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return [Piece(each.op, start, stop) for start, stop in pairs]
