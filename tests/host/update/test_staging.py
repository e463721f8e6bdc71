"""The kernel image's way into `staged/`: over blocks, whole, over lines that die."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import pytest
from fakes import web
from fakes.node_disk import BootFolder
from fakes.web import FakeClient

from skyrocket.host.update import fill, staging
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.host.update.patience import PATIENCE, Patience
from skyrocket.host.update.staging import Wanted
from skyrocket.models import block_index, slots

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.host.system.web import Response

OLD, NEW = "aa" * 32, "bb" * 32
BLOCK = block_index.BLOCK
KERNEL = random.Random(1).randbytes(40 * BLOCK)
PROGRAM = random.Random(2).randbytes(5 * BLOCK + 700)
IMAGE = KERNEL + PROGRAM


class Bench:
    """A boot partition with a running kernel image, and a server with the new one."""

    def __init__(self, folder: Path, trick: web.Trick = web.honest) -> None:
        for name in ("served", "boot"):
            (folder / name).mkdir()
        (folder / "served/boot").write_bytes(IMAGE)
        self.client = FakeClient(folder / "served", trick)
        self.boot = BootFolder(folder / "boot")
        self.running = folder / "boot" / slots.FOLDER / slots.name_for(OLD)
        self.running.write_bytes(random.Random(3).randbytes(3 * BLOCK) + KERNEL)
        self.staged = folder / "boot/staged" / slots.name_for(NEW)
        self.wanted = Wanted(NEW, hashlib.sha256(IMAGE).hexdigest(), len(IMAGE), f"{web.URL}boot")

    def stage(self, index: block_index.Index | None = None) -> fill.Told:
        index = index or block_index.of([IMAGE])
        return staging.stage(self.boot, self.wanted, index, OLD, self.client)  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_blocks_of_the_running_image_are_not_fetched_wherever_they_lie(bench: Bench) -> None:
    assert bench.stage() == fill.Told(0, 40, 6)
    assert bench.client.received == len(PROGRAM)
    assert bench.staged.read_bytes() == IMAGE


def test_without_the_running_image_everything_is_fetched(bench: Bench) -> None:
    bench.running.unlink()
    assert bench.stage() == fill.Told(0, 0, 46)
    assert bench.client.received == len(IMAGE)


def test_what_was_staged_before_an_interruption_is_kept(bench: Bench) -> None:
    bench.running.unlink()
    bench.staged.parent.mkdir()
    bench.staged.write_bytes(IMAGE[: 30 * BLOCK] + b"rot" * 9000 + b"longer than the image" * 9999)
    assert bench.stage() == fill.Told(30, 0, 16)
    assert bench.client.received == 16 * BLOCK - (BLOCK - 700)
    assert bench.staged.read_bytes() == IMAGE


def test_an_index_of_another_image_is_found_when_all_is_there(bench: Bench, tmp_path: Path) -> None:
    """The hash of the whole is the last word: here the index was made of other bytes."""
    other = IMAGE[:-1] + b"!"
    (tmp_path / "served/boot").write_bytes(other)
    with pytest.raises(SlotError, match="reads back with other bytes"):
        bench.stage(block_index.of([other]))


def test_a_wrong_block_is_never_written(tmp_path: Path) -> None:
    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        data = b"".join(answer.chunks)
        return answer._replace(chunks=web.chunks(b"evil" + data[4:]))

    bench = Bench(tmp_path, trick)
    with pytest.raises(SourceError, match="is not what was signed"):
        bench.stage()
    assert b"evil" not in bench.staged.read_bytes()


def dying(after: int) -> web.Trick:
    """Each answer breaks off AFTER so many bytes."""

    def trick(_path: str, headers: web.Headers, answer: Response) -> Response:
        data = IMAGE[int(dict(headers).get("Range", "bytes=0-")[6:-1]) :]
        whole = answer._replace(status=206 if headers else 200, chunks=web.chunks(data))
        said = {"content-range": f"bytes {len(IMAGE) - len(data)}-{len(IMAGE) - 1}/{len(IMAGE)}"}
        whole = whole._replace(headers=said)
        return whole if len(data) <= after else whole._replace(chunks=web.broken(data[:after]))

    return trick


def body(bench: Bench, waits: list[float]) -> bytes:
    return b"".join(staging.body(bench.client, bench.wanted, Patience(waits.append)))  # type: ignore[arg-type]


def test_a_whole_image_is_taken_up_where_the_line_died(bench: Bench) -> None:
    bench.client.trick = dying(50_000)
    waits: list[float] = []
    assert body(bench, waits) == IMAGE
    assert bench.client.received == len(IMAGE)
    assert waits == []


def test_a_server_that_ignores_ranges_is_read_up_to_there(bench: Bench) -> None:
    """Each line dies a little later than the one before."""
    lengths = iter([30_000, 100_000, 10_000_000])

    def trick(_path: str, _headers: web.Headers, answer: Response) -> Response:
        return answer._replace(status=200, chunks=web.broken(IMAGE[: next(lengths)]))

    bench.client.trick = trick
    assert body(bench, []) == IMAGE


@pytest.mark.parametrize("given", [b"", IMAGE[:-1]])
def test_a_server_that_gives_less_is_given_up(bench: Bench, given: bytes) -> None:
    def trick(_path: str, headers: web.Headers, answer: Response) -> Response:
        start = int(dict(headers).get("Range", "bytes=0-")[6:-1])
        said = {"content-range": f"bytes {start}-9/9"}
        return answer._replace(
            status=206 if headers else 200, headers=said, chunks=web.chunks(given[start:])
        )

    bench.client.trick = trick
    waits: list[float] = []
    with pytest.raises(SourceError, match="shorter than was signed"):
        body(bench, waits)
    assert len(waits) == PATIENCE - 1


def test_a_whole_image_that_is_longer_is_cut(bench: Bench) -> None:
    bench.client.trick = lambda _p, _h, answer: answer._replace(chunks=web.endless())
    with pytest.raises(SourceError, match="longer than was signed"):
        body(bench, [])
    assert bench.client.received < len(IMAGE) + 20_000


def test_a_refusal_is_not_asked_for_again(bench: Bench) -> None:
    bench.client.trick = lambda _p, _h, answer: answer._replace(status=404)
    waits: list[float] = []
    with pytest.raises(SourceError, match="status 404"):
        body(bench, waits)
    assert waits == []
