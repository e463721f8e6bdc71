"""Fill a slot, or a file: blocks that are here, then blocks by HTTP, each checked first.

What was written before an interruption is checked and kept. The running root is read from its raw
partition: through dm-verity one rotten block would restart the machine, here it is fetched instead.
Deliberately unknown here: partition tables, names, and which version it is.
"""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.host.system.web import HttpError
from skyrocket.host.update import blocks
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.host.update.patience import Patience
from skyrocket.models.block_index import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skyrocket.host.system.web import Client, Response
    from skyrocket.host.update.blocks import Extent, Hashes

_STEP = blocks.LONGEST_RUN
_FLUSH = 8 << 20
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Old(NamedTuple):
    """What the running version has: hashes, and a descriptor of its raw partition or file."""

    hashes: Hashes
    descriptor: int


class Told(NamedTuple):
    """What filling came to, in blocks."""

    kept: int
    copied: int
    fetched: int

    def plus(self, other: Told) -> Told:
        return Told(*(left + right for left, right in zip(self, other, strict=True)))


class Slot:
    """The partition or file that is filled; DESCRIPTOR is open for reading, and writing to fill."""

    def __init__(self, descriptor: int, hashes: Hashes) -> None:
        self._descriptor = descriptor
        self._unflushed = 0
        self._flushing: threading.Thread | None = None
        self._trouble: OSError | None = None
        self.hashes = hashes

    def write(self, number: int, data: bytes | memoryview) -> None:
        """Blocks from NUMBER on, which were checked."""
        view, at = memoryview(data), number * BLOCK
        while view:
            done = os.pwrite(self._descriptor, view, at)
            view, at = view[done:], at + done
        self._unflushed += len(data)
        if self._unflushed >= _FLUSH:
            self._settle()
            # The medium works while the next blocks are fetched and hashed.
            self._flushing = threading.Thread(target=self._sync)
            self._flushing.start()
            self._unflushed = 0

    def flush(self) -> None:
        """Everything is on the medium, and takes no memory any more."""
        self._settle()
        self._sync()
        self._settle()
        self._unflushed = 0

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError as error:
            self._trouble = error

    def rest(self) -> None:
        """Nobody uses the descriptor any more when this returns."""
        if self._flushing is not None:
            self._flushing.join()
            self._flushing = None

    def _settle(self) -> None:
        """No flush is under way; OSError if one failed: a medium says so once."""
        self.rest()
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble

    def wrong(self) -> list[int]:
        """The blocks that are not what they must be, read from the medium."""
        self.flush()
        found: list[int] = []
        for first in range(0, self.hashes.blocks, _STEP):
            count = min(_STEP, self.hashes.blocks - first)
            data = os.pread(self._descriptor, count * BLOCK, first * BLOCK)
            found += _misfits(self.hashes, first, count, data)
            os.posix_fadvise(self._descriptor, first * BLOCK, count * BLOCK, os.POSIX_FADV_DONTNEED)
        return found


def fill(
    slot: Slot,
    old: Old | None,
    client: Client,
    url: str,
    *,
    resume: bool,
    wait: Callable[[float], None] | None = None,
) -> Told:
    """Make SLOT hold what its hashes say; URL has it all -> where it came from."""
    try:
        wanted = slot.wrong() if resume else list(range(slot.hashes.blocks))
        kept = slot.hashes.blocks - len(wanted)
        missing = _copy(slot, old, wanted) if old else wanted
        copied = len(wanted) - len(missing)
        _fetch(slot, client, url, missing, wait)
        if wrong := slot.wrong():
            raise SlotError(f"cannot use the idle slot: {len(wrong)} blocks read back differ")
    finally:
        slot.rest()
    return Told(kept, copied, len(missing))


def _copy(slot: Slot, old: Old, wanted: list[int]) -> list[int]:
    """Copy what the running version has -> what is missing still."""
    runs, missing = blocks.sources(slot.hashes, blocks.index(old.hashes), wanted)
    for run in runs:
        data = _read(old.descriptor, run.source, run.size)
        rotten = set(_misfits(slot.hashes, run.target, run.size, data))
        missing += rotten
        for at in range(run.size) if rotten else ():
            if run.target + at not in rotten:
                slot.write(run.target + at, data[at * BLOCK : (at + 1) * BLOCK])
        if not rotten:
            slot.write(run.target, data)
        os.posix_fadvise(old.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    return sorted(missing)


def _read(descriptor: int, first: int, count: int) -> bytes:
    """Blocks of a partition; what cannot be read is as good as rotten."""
    try:
        return os.pread(descriptor, count * BLOCK, first * BLOCK)
    except OSError:
        return b""


def _misfits(hashes: Hashes, first: int, count: int, data: bytes) -> list[int]:
    """The numbers of the COUNT blocks from FIRST on whose DATA, or lack of it, is not theirs."""
    view = memoryview(data)
    return [
        first + at
        for at in range(count)
        if not hashes.fits(first + at, view[at * BLOCK : (at + 1) * BLOCK])
    ]


def _fetch(
    slot: Slot, client: Client, url: str, missing: list[int], wait: Callable[[float], None] | None
) -> None:
    """Fetch MISSING blocks; go on where a line died, as long as each try brings something."""
    left, patience = set(missing), Patience(wait)
    while left:
        before = len(left)
        try:
            for extent in blocks.extents(sorted(left)):
                if any(number in left for number in range(extent.first, extent.last + 1)):
                    _take(slot, client, url, extent, left)
        except HttpError as error:
            patience.broke(error, brought=len(left) < before)


def _take(slot: Slot, client: Client, url: str, extent: Extent, left: set[int]) -> None:
    """Blocks of one request; a server that ignores ranges gives all of them."""
    first = extent.first * BLOCK
    last = min((extent.last + 1) * BLOCK, slot.hashes.size) - 1
    response = client.get(url, (("Range", f"bytes={first}-{last}"),))
    begin = start(response, client, url, first)
    for number, data in _spans(response, begin // BLOCK, slot.hashes.size):
        wrong = _store(slot, number, data, left)
        if wrong is not None:
            client.close()
            raise SourceError(f"cannot believe {url}: block {wrong} is not what was signed")
        if response.status == 200 and not left:
            client.close()
            return
    if any(extent.first <= number <= extent.last for number in left):
        raise HttpError(f"cannot fetch {url}: it gave less than it was asked for")


def _store(slot: Slot, first: int, data: memoryview, left: set[int]) -> int | None:
    """Write what is LEFT to write of the blocks DATA from FIRST on -> one that is wrong, if any.

    What follows on one another is written in one go: a call for each block would cost more than
    its hash.
    """
    wrong, run = None, 0
    count = -(-len(data) // BLOCK)
    for at in range(count):
        wanted = first + at in left
        if wanted and not slot.hashes.fits(first + at, data[at * BLOCK : (at + 1) * BLOCK]):
            wrong, count = first + at, at
            break
        if not wanted:
            _write(slot, first, data, run, at, left)
            run = at + 1
    _write(slot, first, data, run, count, left)
    return wrong


def _write(slot: Slot, first: int, data: memoryview, run: int, end: int, left: set[int]) -> None:
    """Write the blocks from RUN to before END of DATA, which begins with block FIRST."""
    if run < end:
        slot.write(first + run, data[run * BLOCK : end * BLOCK])
        left.difference_update(range(first + run, first + end))


def start(response: Response, client: Client, url: str, first: int) -> int:
    """Where the bytes of RESPONSE begin."""
    if response.status == 200:
        return 0
    if response.status in range(400, 500) and response.status not in {408, 429}:
        client.close()  # a refusal, which asking again does not change
        raise SourceError(f"cannot fetch {url}: status {response.status}")
    if response.status != 206:
        raise HttpError(f"cannot fetch {url}: status {response.status}")
    match = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if match is None or int(match[1]) != first:
        raise SourceError(f"cannot believe {url}: it answers with another range")
    return first


def _spans(response: Response, number: int, size: int) -> Iterator[tuple[int, memoryview]]:
    """The body as whole blocks of a file of SIZE bytes, several at once, each span with its first.

    More than there are is not read.
    """
    rest = b""
    for chunk in response.chunks:
        data = memoryview(rest + chunk)
        room = size - number * BLOCK
        whole = len(data) if len(data) == room else len(data) // BLOCK * BLOCK
        if len(data) > room:
            whole = room
        if whole:
            yield number, data[:whole]
            number += -(-whole // BLOCK)
        rest = bytes(data[whole:])
        if rest and number * BLOCK >= size:
            raise SourceError("cannot believe the server: it gives more than there is")
