"""Bugs put into a recorded update: writes moved, swapped or lost, flushes taken out.

Each is a mistake that code could make, told as a change of the log, so that it fits any recording
of the same story: places are found by the areas that were written and by the marks. A checker that
finds none of them would prove nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from updates.check import TABLE

from skyrocket.models import disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from updates.log import Op
    from updates.record import Mark

ASKED, READY = "update is asked for", "update is ready"
BOOTED, GOOD = "boot into it", "it is good"
LARGE = 64  # sectors: a write of the kernel image itself, not of the FAT's own records


class Story(NamedTuple):
    """A recording: operations, the areas that each touches, marks, and where things are.

    ROOMS are the partitions, FOLDER the first cluster of EFI/Linux, all in sectors of the disk.
    """

    ops: Sequence[Op]
    touched: Sequence[tuple[str, ...]]
    marks: Sequence[Mark]
    rooms: dict[str, range]
    folder: range


class Bug(NamedTuple):
    """WHAT is wrong, and how the log looks then."""

    what: str
    put: Callable[[Update], list[Op]]


def since(ops: Sequence[Op], changed: Sequence[Op]) -> int:
    """The byte of the log up to which CHANGED is as OPS: nothing needs to be looked at there."""
    pairs = zip(ops, changed, strict=False)
    first = next((at for at, (one, other) in enumerate(pairs) if one is not other), 0)
    return ops[first - 1].end if first else 0


class Update:
    """Where the steps of the update are in the log, as numbers of operations."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.ops = list(story.ops)
        begin, end = self.window(ASKED, READY)
        self.end = end
        tables = self.writes(TABLE, begin, end)
        root, tree = (self.writes(each, begin, end) for each in (disk.ROOTS[1], disk.HASHES[1]))
        self.root, self.tree = root, tree
        first = min(*root, *tree)
        self.random_ids = [at for at in tables if at < first]
        self.own_ids = [at for at in tables if at > max(*root, *tree)]
        boot = self.writes(disk.BOOT, begin, end)
        self.removal = [at for at in boot if at < first]
        self.image = [at for at in boot if at > first and self.ops[at].count >= LARGE]
        self.moved = [at for at in boot if at > self.image[-1] and self.names(at)]

    def names(self, at: int) -> bool:
        """Whether operation AT writes names where the loader looks."""
        op, folder = self.ops[at], self.story.folder
        return op.sector < folder.stop and op.sector + op.count > folder.start

    def window(self, first: str, last: str) -> tuple[int, int]:
        """The operations between two marks."""
        at = {mark.what: mark.at for mark in self.story.marks}
        ends = [op.end for op in self.ops]
        inside = [n for n, end in enumerate(ends) if at[first] < end <= at[last]]
        return inside[0], inside[-1] + 1

    def writes(self, area: str, begin: int, end: int) -> list[int]:
        return [at for at in range(begin, end) if area in self.story.touched[at]]

    def flushes(self, begin: int, end: int) -> list[int]:
        return [at for at in range(begin, end) if self.ops[at].flush]

    def next_flush(self, at: int) -> int:
        return next(n for n in range(at, len(self.ops)) if self.ops[n].flush)

    def without(self, numbers: Iterable[int]) -> list[Op]:
        gone = set(numbers)
        return [op for at, op in enumerate(self.ops) if at not in gone]

    def with_moved(self, numbers: Iterable[int], to: int) -> list[Op]:
        """These operations, with a flush behind them, before operation TO."""
        numbers = list(numbers)
        end = self.ops[to].end
        early = [self.ops[at]._replace(end=end) for at in numbers]
        flush = self.ops[self.next_flush(to)]._replace(end=end)
        gone = set(numbers)
        kept = [(at, op) for at, op in enumerate(self.ops) if at not in gone]
        before = [op for at, op in kept if at < to]
        return [*before, *early, flush, *(op for at, op in kept if at >= to)]


def _both_tables_at_once(update: Update) -> list[Op]:
    first, last = update.own_ids[0], update.own_ids[-1]
    return update.without(update.flushes(first, last))


def _identifiers_too_early(update: Update) -> list[Op]:
    early = update.with_moved(update.own_ids, min(*update.root, *update.tree))
    gone = {id(update.ops[at].data) for at in update.random_ids}
    return [op for op in early if op.data is None or id(op.data) not in gone]


def _identifiers_stay(update: Update) -> list[Op]:
    return update.without(update.random_ids)


def _old_image_stays(update: Update) -> list[Op]:
    return update.without(update.removal)


def _moved_too_early(update: Update) -> list[Op]:
    return update.with_moved(update.moved, update.image[0])


def _image_not_flushed(update: Update) -> list[Op]:
    return update.without(update.flushes(update.image[0], update.end))


def _blocks_not_flushed(update: Update) -> list[Op]:
    late = update.root[len(update.root) // 2]
    return update.without(update.flushes(late, update.end))


def _tree_forgotten(update: Update) -> list[Op]:
    return update.without(update.tree[-1:])


def _wrong_slot(update: Update) -> list[Op]:
    """The blocks go where the running version is."""
    ours, others = (update.story.rooms[label].start for label in disk.ROOTS)
    wrong = set(update.root)
    return [
        op._replace(sector=op.sector - others + ours) if at in wrong else op
        for at, op in enumerate(update.ops)
    ]


def _ready_too_early(update: Update) -> list[Op]:
    return update.without(update.flushes(update.moved[0], update.end))


def _blessed_too_early(update: Update) -> list[Op]:
    begin, end = update.window(BOOTED, GOOD)
    names = [at for at in update.writes(disk.BOOT, begin, end) if update.names(at)]
    return update.without(update.flushes(names[-1], end))


def _commit(update: Update) -> tuple[int, int]:
    """The first commit that was answered."""
    names = [mark.what for mark in update.story.marks]
    at = next(n for n, name in enumerate(names) if name.startswith("settings: "))
    return update.window(names[at - 1], names[at])


def _settings_too_early(update: Update) -> list[Op]:
    begin, end = _commit(update)
    return update.without(update.flushes(begin, end))


def _settings_forgotten(update: Update) -> list[Op]:
    begin, end = _commit(update)
    return update.without(update.writes(disk.PRIVATE, begin, end))


BUGS = (
    Bug("both copies of the partition table at once", _both_tables_at_once),
    Bug("identifiers before the blocks", _identifiers_too_early),
    Bug("the identifiers before stay while blocks are written", _identifiers_stay),
    Bug("the idle slot's kernel image stays", _old_image_stays),
    Bug("the kernel image is moved in before it is written", _moved_too_early),
    Bug("the kernel image is not flushed before it is moved in", _image_not_flushed),
    Bug("the blocks are not flushed before the kernel image is moved in", _blocks_not_flushed),
    Bug("a write of the hash tree is lost", _tree_forgotten),
    Bug("the blocks go into the running slot", _wrong_slot),
    Bug("the update is ready before it is on the medium", _ready_too_early),
    Bug("the version is called good before its name is on the medium", _blessed_too_early),
    Bug("a commit is answered before it is on the medium", _settings_too_early),
    Bug("the writes of a commit are lost", _settings_forgotten),
)
