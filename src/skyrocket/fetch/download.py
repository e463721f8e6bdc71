"""Get files whose hashes are known: parallel, resumable, verified before they have a name.

A file is `<sha256>` in the folder once its bytes are right, and `<sha256>.part` until then, so
that whoever finds the first may use it and whoever stops half-way continues the second.
Does not know what the files are, nor how their addresses were chosen.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import queue
import shutil
import threading
from http.client import HTTPException
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from skyrocket.fetch.doors import AbsentError, Doors, RealDoors, UnreadyError
from skyrocket.fetch.errors import (
    DiskError,
    FetchError,
    NotFoundError,
    SpoiledError,
    UnreachableError,
)
from skyrocket.models.progress import Reporter, Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedIOBase

    from skyrocket.fetch.wanted import Place, Wanted

ROOM = "free some space, or set XDG_CACHE_HOME to a folder on a larger disk"
CHUNK = 256 * 1024
TRIES = 3  # per place, for failures that may pass
WORKERS = 4
TICK = 0.25  # seconds between two calls of progress
DEAD = 3  # files for which a source did not answer, until it is asked no more
GRACE = 2.0  # seconds that threads get to end after an error or Ctrl-C
SPARE = 64 * 1024 * 1024  # bytes that a full download leaves free


class Miss(NamedTuple):
    """Why one place did not give the file."""

    source: str
    reason: str
    kind: type[FetchError]


class _StopError(Exception):
    """The caller gave up; the part that is there stays for the next run."""


class _Job:
    """State of one call of `fetch`, shared by its threads."""

    def __init__(self, folder: Path, doors: Doors, pause: float) -> None:
        self.folder = folder
        self.doors = doors
        self.pause = pause
        self.stop = threading.Event()
        self._here: dict[str, int] = {}
        self._silent: dict[str, int] = {}

    def note(self, item: Wanted, count: int) -> None:
        """COUNT bytes of ITEM are on the disk now; fewer than before after a new beginning."""
        self._here[item.sha256] = count

    def heard(self, source: str, *, answered: bool) -> None:
        """Remember whether SOURCE answered, so that a dead one does not cost time for each file."""
        self._silent[source] = 0 if answered else self._silent.get(source, 0) + 1

    def is_dead(self, source: str) -> bool:
        return self._silent.get(source, 0) >= DEAD

    def done(self) -> int:
        return sum(list(self._here.values()))


def fetch(
    wanted: Sequence[Wanted],
    folder: Path,
    progress: Reporter | None = None,
    *,
    doors: Doors | None = None,
    workers: int = WORKERS,
    pause: float = 0.5,
) -> list[Path]:
    """Make every file of WANTED present in FOLDER and give their paths, in order.

    PAUSE is the first wait in seconds between two tries of one place. Raises FetchError.
    """
    progress = progress or Silent()
    missing = absent(wanted, folder)
    total = sum(item.size for item in wanted)
    here = total - sum(item.size for item in missing)
    progress.advance(here, total)
    if missing:
        _check_space(missing, folder)
        job = _Job(folder, doors or RealDoors(), pause)
        _run(job, missing, workers, lambda: progress.advance(min(here + job.done(), total), total))
    progress.advance(total, total)
    return [folder / item.sha256 for item in wanted]


def absent(wanted: Sequence[Wanted], folder: Path) -> list[Wanted]:
    """Which of WANTED are not in FOLDER yet, each once, largest first.

    The largest first, because a big file begun last would leave the other threads idle.
    """
    once = {item.sha256: item for item in wanted}
    return sorted(
        (item for item in once.values() if not _present(item, folder)),
        key=lambda item: (-item.size, item.sha256),
    )


def _present(item: Wanted, folder: Path) -> bool:
    try:
        size = (folder / item.sha256).stat().st_size
    except FileNotFoundError:
        return False
    return item.size in {0, size}


def _check_space(missing: Sequence[Wanted], folder: Path) -> None:
    need = sum(item.size for item in missing) + SPARE
    free = shutil.disk_usage(folder).free
    if free < need:
        raise DiskError(
            f"cannot fetch {len(missing)} files into {folder}: "
            f"{need // 1_000_000} MB are needed and {free // 1_000_000} MB are free",
            ROOM,
        )


def _run(job: _Job, missing: Sequence[Wanted], workers: int, tick: Callable[[], None]) -> None:
    todo: queue.SimpleQueue[Wanted] = queue.SimpleQueue()
    ends: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    for item in missing:
        todo.put(item)

    def work() -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(job.doors.leave)
            stack.enter_context(contextlib.suppress(queue.Empty))
            while not job.stop.is_set():
                item = todo.get_nowait()
                try:
                    _fetch_one(job, item)
                    ends.put(None)
                except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
                    ends.put(error)

    # Daemons: a thread that waits for a silent server must not hold back Ctrl-C.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        _wait(len(missing), ends, tick)
    finally:
        job.stop.set()
        for thread in threads:
            thread.join(GRACE)


def _wait(
    count: int, ends: queue.SimpleQueue[BaseException | None], tick: Callable[[], None]
) -> None:
    """Until COUNT files have ended; raises the first error."""
    while count:
        try:
            error = ends.get(timeout=TICK)
        except queue.Empty:
            tick()
            continue
        if error is not None:
            raise error
        count -= 1
        tick()


def _fetch_one(job: _Job, item: Wanted) -> None:
    part = job.folder / f"{item.sha256}.part"
    try:
        with _open_part(part) as target:
            if _present(item, job.folder):
                part.unlink(missing_ok=True)
            else:
                _fill(job, item, target)
                target.flush()
                os.fsync(target.fileno())
                os.fchmod(target.fileno(), 0o644)
                part.replace(job.folder / item.sha256)
        job.note(item, item.size)
    except OSError as error:
        hint = "set XDG_CACHE_HOME to a folder that you may write"
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            part.unlink(missing_ok=True)  # what is left of a full disk belongs to the user
            hint = ROOM
        reason = error.strerror or str(error)
        raise DiskError(f"cannot write {item.name} to {part}: {reason}", hint) from error


def _open_part(part: Path) -> IO[bytes]:
    """Open PART for this run alone: two runs at once would write over each other.

    The other run may have moved the file away while we waited: then there is a new one to open.
    """
    while True:
        target = part.open("ab+")
        fcntl.flock(target, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if part.stat().st_ino == os.fstat(target.fileno()).st_ino:
                return target
        target.close()


def _fill(job: _Job, item: Wanted, target: IO[bytes]) -> None:
    """Try the places in order until TARGET holds the right bytes."""
    misses: list[Miss] = []
    for place in item.places:
        if job.is_dead(place.source):
            misses.append(Miss(place.source, "did not answer for other files", UnreachableError))
            continue
        miss = _try_place(job, item, place, target)
        if miss is None:
            return
        misses.append(miss)
    if target.seek(0, os.SEEK_END) == 0:
        Path(target.name).unlink()  # nothing to continue from
    raise failure(item, misses)


def _try_place(job: _Job, item: Wanted, place: Place, target: IO[bytes]) -> Miss | None:
    """None when TARGET is right; else why PLACE did not help."""
    miss = Miss(place.source, "was not asked", UnreachableError)
    for attempt in range(TRIES):
        if job.stop.wait(job.pause * 2 ** (attempt - 1) if attempt else 0):
            raise _StopError
        resumed = target.seek(0, os.SEEK_END) > 0
        try:
            got = _copy(job, item, place, target)
        except AbsentError as error:
            job.heard(place.source, answered=True)
            return Miss(place.source, str(error), NotFoundError)
        except UnreadyError as error:
            miss = Miss(place.source, str(error), UnreachableError)
            continue
        job.heard(place.source, answered=True)
        if got == item.sha256:
            return None
        target.truncate(0)
        miss = Miss(place.source, "other bytes than the lock names", SpoiledError)
        if not resumed:  # the bytes of a part may come from somewhere else: one more try then
            return miss
    job.heard(place.source, answered=miss.kind is not UnreachableError)
    return miss


def _copy(job: _Job, item: Wanted, place: Place, target: IO[bytes]) -> str:
    """Append what is missing from PLACE, and give the sha256 of the whole."""
    have = target.seek(0, os.SEEK_END)
    if item.size and have >= item.size:
        # The last run ended between the last byte and the rename, or the part is too long.
        return _hash(target, have).hexdigest()
    stream = job.doors.open(place, have)
    have = stream.offset
    with contextlib.closing(stream.reader) as reader:
        target.truncate(have)
        digest = _hash(target, have)
        while data := _read(reader):
            if job.stop.is_set():
                raise _StopError
            job.doors.write(target, data)
            digest.update(data)
            have += len(data)
            job.note(item, have)
            if item.size and have > item.size:
                break  # longer than the lock says: its hash cannot be right
    if have < item.size:
        raise UnreadyError(f"the connection ended at {have} of {item.size} bytes")
    return digest.hexdigest()


def _read(reader: BufferedIOBase) -> bytes:
    """What has come, up to CHUNK: a connection that dies later does not take it along."""
    try:
        return reader.read1(CHUNK)
    except (OSError, HTTPException) as error:
        raise UnreadyError(str(error) or type(error).__name__) from error


def _hash(target: IO[bytes], length: int) -> hashlib._Hash:
    target.flush()
    target.seek(0)
    digest = hashlib.sha256()
    while length > 0 and (data := target.read(min(CHUNK, length))):
        digest.update(data)
        length -= len(data)
    return digest


def failure(item: Wanted, misses: Sequence[Miss]) -> FetchError:
    """The error for ITEM after MISSES: its kind is the one that says what to do."""
    kinds = {miss.kind for miss in misses}
    reasons = "; ".join(f"{miss.source}: {miss.reason}" for miss in misses)
    what = f"cannot fetch {item.name}"
    if not misses:
        return NotFoundError(f"{what}: no source is named for it", item.mend)
    if SpoiledError in kinds:
        hint = "a proxy or mirror changes files: name another with SKYROCKET_SOURCES"
        return SpoiledError(f"{what}: {reasons}", hint)
    if kinds == {UnreachableError}:
        hint = "check network and proxy settings, then run the same command again"
        return UnreachableError(f"{what}: {reasons}", hint)
    return NotFoundError(f"{what}: no source has it ({reasons})", item.mend)
