"""The idle slot's root: blocks from here, blocks by HTTP, and what a hostile server cannot do."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING

import pytest
from fakes import verity, web
from fakes.web import FakeClient, body

from skyrocket.host.update import blocks, fill, patience
from skyrocket.host.update.blocks import Extent, Run
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.host.update.fill import Old, Slot, Told
from skyrocket.host.update.tree import BLOCK, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skyrocket.host.system.web import Response

URL = f"{web.URL}root"
COUNT = 700


def noise(count: int, seed: int) -> list[bytes]:
    made = random.Random(seed)
    return [made.randbytes(BLOCK) for _ in range(count)]


OLD = noise(COUNT, 1)
# The new version: some blocks moved, some new, some twice.
FRESH = noise(90, 2)
NEW = [*OLD[50:400], *FRESH[:30], *OLD[:50], *OLD[0:10], *FRESH[30:], *OLD[400:620]]


class Bench:
    """A slot, a running version and a server of the new one."""

    def __init__(self, folder: Path, trick: web.Trick = web.honest) -> None:
        self.new = b"".join(NEW)
        self.tree = Tree(*verity.tree(self.new))
        (folder / "root").write_bytes(self.new)
        self.client = FakeClient(folder, trick)
        self.waits: list[float] = []
        self.target = os.open(folder / "slot", os.O_RDWR | os.O_CREAT)
        os.ftruncate(self.target, (len(NEW) + 9) * BLOCK)
        (folder / "old").write_bytes(b"".join(OLD))
        self.source = os.open(folder / "old", os.O_RDWR)

    @property
    def old(self) -> Old:
        return Old(Tree(*verity.tree(b"".join(OLD))), self.source)

    def run(self, old: Old | None = None, *, resume: bool = False) -> Told:
        slot = Slot(self.target, self.tree)
        return fill.fill(
            slot,
            old,
            self.client,
            URL,
            resume=resume,
            wait=self.waits.append,  # type: ignore[arg-type]
        )

    def written(self) -> bytes:
        return os.pread(self.target, len(self.new), 0)

    def beyond(self) -> bytes:
        return os.pread(self.target, 9 * BLOCK, len(self.new))

    def close(self) -> None:
        os.close(self.target)
        os.close(self.source)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def ranges(change: bytes = b"", *, cut: int = 0) -> web.Trick:
    """Answers to ranges with a byte changed at their start, or without their last CUT bytes."""

    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        data = b"".join(answer.chunks)
        data = change + data[len(change) :]
        return answer._replace(chunks=web.chunks(data[: len(data) - cut]))

    return trick


def test_everything_is_fetched_when_nothing_is_here(bench: Bench) -> None:
    assert bench.run() == Told(kept=0, copied=0, fetched=len(NEW))
    assert bench.written() == bench.new
    assert bench.client.received == len(bench.new)


def test_only_what_is_new_is_fetched(bench: Bench) -> None:
    """Blocks that moved are found wherever they lie."""
    assert bench.run(bench.old) == Told(kept=0, copied=len(NEW) - 90, fetched=90)
    assert bench.written() == bench.new
    assert bench.client.received == 90 * BLOCK
    assert len(bench.client.asked) == 2


def test_nothing_beyond_the_version_is_written(bench: Bench) -> None:
    bench.run(bench.old)
    assert bench.beyond() == bytes(9 * BLOCK)


def test_a_rotten_block_of_the_running_version_is_fetched(bench: Bench) -> None:
    os.pwrite(bench.source, b"rot", 77 * BLOCK + 5)
    told = bench.run(bench.old)
    assert (told.copied, told.fetched) == (len(NEW) - 91, 91)
    assert bench.written() == bench.new


def test_a_running_version_that_ends_early_is_made_up_for(bench: Bench) -> None:
    os.ftruncate(bench.source, 600 * BLOCK - 100)
    bench.run(bench.old)
    assert bench.written() == bench.new


@pytest.mark.parametrize("done", [1, 200, 439, 440, 500, len(NEW)])
def test_what_was_written_before_an_interruption_is_kept(bench: Bench, done: int) -> None:
    os.pwrite(bench.target, bench.new[: done * BLOCK], 0)
    told = bench.run(resume=True)
    assert told == Told(kept=done, copied=0, fetched=len(NEW) - done)
    assert bench.client.received == (len(NEW) - done) * BLOCK
    assert bench.written() == bench.new


def test_ten_kills_cost_next_to_nothing(tmp_path: Path) -> None:
    """The bytes of all tries together are at most 1.02 of an undisturbed one's."""
    made = random.Random(7)
    kills = [made.randrange(5, 28) * 10_000 + made.randrange(BLOCK) for _ in range(10)]

    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        if not kills:
            return answer
        data = b"".join(answer.chunks)
        return answer._replace(chunks=killed(data[: kills.pop()]))

    bench = Bench(tmp_path, trick)
    for resume in [False] + [True] * 9:
        with pytest.raises(KeyboardInterrupt):
            bench.run(resume=resume)
    assert bench.written() != bench.new
    bench.run(resume=True)
    assert bench.written() == bench.new
    # What was received and not yet a whole block is lost: less than one block and a piece a kill.
    assert len(bench.new) < bench.client.received <= len(bench.new) * 1.02
    bench.close()


def killed(data: bytes) -> Iterator[bytes]:
    yield from web.chunks(data, 1000)
    raise KeyboardInterrupt


def test_a_line_that_dies_again_and_again_is_taken_up_where_it_died(tmp_path: Path) -> None:
    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        data = b"".join(answer.chunks)
        return answer._replace(chunks=web.broken(data[: 37 * BLOCK]))

    bench = Bench(tmp_path, trick)
    bench.run()
    assert bench.written() == bench.new
    assert bench.client.received == len(bench.new)
    bench.close()


def test_a_server_that_gives_nothing_is_given_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ranges(cut=1 << 30))
    with pytest.raises(SourceError, match="less than it was asked for"):
        bench.run()
    assert len(bench.client.asked) == patience.PATIENCE
    assert bench.waits == [1, 2, 4, 8]
    bench.close()


def test_a_server_that_ignores_ranges_is_read_once(tmp_path: Path) -> None:
    def trick(path: str, _headers: web.Headers, _answer: Response) -> Response:
        return body((tmp_path / path).read_bytes())

    bench = Bench(tmp_path, trick)
    assert bench.run(bench.old).fetched == 90
    assert bench.written() == bench.new
    assert len(bench.client.asked) == 1
    bench.close()


@pytest.mark.parametrize("partial", [True, False])
def test_endless_data_is_cut(tmp_path: Path, partial: bool) -> None:
    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        return answer._replace(status=206 if partial else 200, chunks=web.endless())

    bench = Bench(tmp_path, trick)
    with pytest.raises(SourceError, match="is not what was signed"):
        bench.run()
    assert bench.client.received < 100_000
    bench.close()


def test_more_than_there_is_is_not_taken(tmp_path: Path) -> None:
    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        return answer._replace(chunks=longer(answer.chunks))

    bench = Bench(tmp_path, trick)
    with pytest.raises(SourceError, match="more than there is"):
        bench.run()
    assert bench.beyond() == bytes(9 * BLOCK)
    bench.close()


def longer(parts: Iterator[bytes]) -> Iterator[bytes]:
    yield from parts
    yield from web.endless()


def test_a_wrong_block_is_never_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ranges(b"evil"))
    with pytest.raises(SourceError, match="block 350 is not what was signed"):
        bench.run(bench.old)
    assert b"evil" not in os.pread(bench.target, 1 << 30, 0)
    bench.close()


def test_a_check_that_is_left_out_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bug that the test above is there for: any block passes."""
    monkeypatch.setattr(Tree, "fits", lambda *_: True)
    bench = Bench(tmp_path, ranges(b"evil"))
    bench.run(bench.old)
    assert b"evil" in os.pread(bench.target, 1 << 30, 0)
    bench.close()


@pytest.mark.parametrize(
    "said", ["bytes 0-4095/99999", "bytes */99999", "nonsense", "", "bytes 1433601-1433602/9"]
)
def test_another_range_than_was_asked_for_is_refused(tmp_path: Path, said: str) -> None:
    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        return answer._replace(headers={"content-range": said})

    bench = Bench(tmp_path, trick)
    with pytest.raises(SourceError, match="another range"):
        bench.run(bench.old)
    bench.close()


@pytest.mark.parametrize("status", [204, 302, 404, 416, 503])
def test_any_other_status_is_said(tmp_path: Path, status: int) -> None:
    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        return answer._replace(status=status)

    bench = Bench(tmp_path, trick)
    with pytest.raises(SourceError, match=f"status {status}"):
        bench.run()
    assert bool(bench.waits) is (status not in {404, 416})  # a refusal is not asked for again
    bench.close()


def test_a_medium_that_forgets_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last look reads what is there, not what was sent there."""
    honest = Slot.write

    def forgetful(self: Slot, number: int, data: bytes) -> None:
        if not number <= 350 < number + len(data) // BLOCK:
            honest(self, number, data)

    monkeypatch.setattr(Slot, "write", forgetful)
    with pytest.raises(SlotError, match="blocks read back differ"):
        bench.run()


def test_a_medium_that_refuses_is_said_although_others_wait_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush runs beside the fetching; its trouble is the update's."""
    monkeypatch.setattr(fill, "_FLUSH", 50 * BLOCK)
    honest, calls = os.fsync, [0]

    def failing(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] == 3:
            raise OSError(5, "Input/output error")
        honest(descriptor)

    monkeypatch.setattr(fill.os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output error"):
        bench.run()
    assert calls[0] >= 3
    assert threading.active_count() == 1


def test_nothing_is_flushed_any_more_when_a_try_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its descriptor will be closed, and the number be another file's."""
    monkeypatch.setattr(fill, "_FLUSH", 50 * BLOCK)
    bench = Bench(tmp_path, ranges(b"", cut=0))
    bench.client.trick = lambda _p, _h, answer: answer._replace(chunks=killed(bench.new[:900_000]))
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert threading.active_count() == 1
    bench.close()


def test_runs_are_as_long_as_both_sides_go_on() -> None:
    old = Tree(*verity.tree(b"".join(OLD)))
    new = Tree(*verity.tree(b"".join(NEW)))
    runs, missing = blocks.sources(new, blocks.index(old), range(new.blocks))
    assert missing == [*range(350, 380), *range(440, 500)]
    assert runs == [
        Run(0, 50, 256),
        Run(256, 306, 94),
        Run(380, 0, 50),
        Run(430, 0, 10),
        Run(500, 400, 220),
    ]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ([], []),
        ([5], [Extent(5, 5)]),
        ([1, 2, 3, 20, 37, 60], [Extent(1, 37), Extent(60, 60)]),
        (range(5000), [Extent(0, 4095), Extent(4096, 4999)]),
    ],
)
def test_what_is_missing_becomes_few_requests(missing: list[int], expected: list[Extent]) -> None:
    assert blocks.extents(missing) == expected
