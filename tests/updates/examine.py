"""All states of a recording, each looked at and judged by what had been promised by then.

    log ─cuts▶ (what arrived) ─medium▶ disk ─check▶ look ─judge▶ faults

Deliberately unknown here: how a recording is made, and what is in a disk.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from updates import cuts
from updates.cuts import Effort, Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from updates.check import Checker, Look, Settings
    from updates.cuts import Choice, Interval
    from updates.medium import Medium, State
    from updates.record import Mark


class Bad(NamedTuple):
    """A state that is not as it must be: in the interval that ends at byte END of the log."""

    end: int
    choice: Choice
    faults: tuple[str, ...]


class Seen(NamedTuple):
    """A state that was good, to be booted perhaps."""

    what: str
    end: int
    choice: Choice
    boots: str
    generation: int


class Phase(NamedTuple):
    """What was looked at while one mark held."""

    what: str
    flushes: int
    states: int
    boots: dict[str, int]


class Report(NamedTuple):
    """FLUSHES ended an interval; STATES were looked at, DISTINCT of them are no two the same."""

    flushes: int
    states: int
    distinct: int
    phases: tuple[Phase, ...]
    bad: tuple[Bad, ...]
    sample: dict[str, list[Seen]]  # by phase, each state with the same chance


SAMPLE = 20


class Count:
    """The figures while they grow."""

    def __init__(self, seed: int) -> None:
        self.flushes, self.states = 0, 0
        self.sample: dict[str, list[Seen]] = {}
        self._chance = random.Random(seed)
        self.distinct = set[int]()
        self.phases: dict[str, Phase] = {}
        self.bad: list[Bad] = []

    def interval(self, what: str) -> None:
        self.flushes += 1
        before = self.phases.get(what, Phase(what, 0, 0, {}))
        self.phases[what] = before._replace(flushes=before.flushes + 1)

    def state(self, seen: Seen, key: object) -> None:
        self.states += 1
        if hash(key) not in self.distinct:
            self.distinct.add(hash(key))
            self._keep(seen)
        before = self.phases[seen.what]
        before.boots[seen.boots] = before.boots.get(seen.boots, 0) + 1
        self.phases[seen.what] = before._replace(states=before.states + 1)

    def _keep(self, seen: Seen) -> None:
        kept = self.sample.setdefault(seen.what, [])
        place = self._chance.randrange(self.phases[seen.what].states + 1)
        if len(kept) < SAMPLE:
            kept.append(seen)
        elif place < SAMPLE:
            kept[place] = seen

    def report(self) -> Report:
        phases = tuple(self.phases.values())
        bad = tuple(self.bad)
        return Report(self.flushes, self.states, len(self.distinct), phases, bad, self.sample)


class Judge:
    """Remembers what each generation of the settings said."""

    def __init__(self) -> None:
        self._said: dict[int, str] = {}

    def learn(self, settings: Settings) -> None:
        for generation, digest in settings.kept:
            self._said.setdefault(generation, digest)

    def faults(self, look: Look, mark: Mark, least: int, most: int) -> tuple[str, ...]:
        """What is wrong with LOOK; the live generation may be any from LEAST to MOST."""
        found = list(look.faults)
        found += [f"kernel image of {one} is broken" for one in look.behind if one in mark.boots]
        if not found and look.boots not in mark.boots:
            found.append(f"{look.boots or 'nothing'} boots, not {' or '.join(mark.boots)}")
        live = look.settings.generation
        if not found and not max(least, mark.generation) <= live <= max(most, mark.generation):
            found.append(f"generation {live}, not one from {max(least, mark.generation)} to {most}")
        for generation, digest in look.settings.kept:
            if self._said.get(generation, digest) != digest:
                found.append(f"generation {generation} says something else")
        return tuple(found)


def examine(
    medium: Medium,
    checker: Checker,
    marks: Sequence[Mark],
    effort: Effort = Effort(),  # noqa: B008  (frozen)
    told: Callable[[int], None] = lambda _: None,
    *,
    seed: int = 0,
    since: int = 0,
    enough: int = 1000,
) -> Report:
    """Look at every state that byte SINCE of the log comes before; stop once ENOUGH are bad."""
    count, judge = Count(seed), Judge()
    sizes = [op.count for op in medium.ops]
    chance = random.Random(seed)
    for interval in cuts.intervals(medium.ops, medium.seen):
        medium.settle(interval.settled)
        if interval.end <= since:
            continue
        mark = in_force(marks, interval.end)
        count.interval(mark.what)
        for choice, state, looked in _looks(
            medium, checker, interval, sizes, chance, effort, judge
        ):
            look = looked.look
            seen = Seen(mark.what, interval.end, choice, look.boots, look.settings.generation)
            count.state(seen, state.key(*medium.areas))
            if faults := judge.faults(look, mark, looked.least, looked.most):
                count.bad.append(Bad(interval.end, choice, faults))
        told(interval.end)
        if len(count.bad) >= enough:
            break
    return count.report()


def in_force(marks: Sequence[Mark], end: int) -> Mark:
    """The last mark that was set before the interval that ends at END was over."""
    return next((mark for mark in reversed(marks) if mark.at < end), marks[0])


class _Looked(NamedTuple):
    look: Look
    least: int
    most: int


def _looks(
    medium: Medium,
    checker: Checker,
    interval: Interval,
    sizes: Sequence[int],
    chance: random.Random,
    effort: Effort,
    judge: Judge,
) -> Iterator[tuple[Choice, State, _Looked]]:
    """Every state of INTERVAL; the disks without and with all of its writes say the bounds."""
    bounds = []
    whole = tuple(Piece(number, 0, sizes[number]) for number in interval.pending)
    for choice in ((), whole):
        settings = checker.look(medium.state(choice)).settings
        judge.learn(settings)
        bounds.append(settings.generation)
    pending = [sizes[number] for number in interval.pending]
    changed = medium.changes(interval.pending)
    for choice in cuts.choices(interval.pending, pending, chance, effort, changed):
        state = medium.state(choice)
        yield choice, state, _Looked(checker.look(state), bounds[0], bounds[1])
