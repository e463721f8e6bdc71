"""Downloads: verified, resumed, from the next source when one fails, nothing left half-written."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from typing import IO, TYPE_CHECKING

import pytest

from skyrocket.fetch import doors, download
from skyrocket.fetch.errors import (
    DiskError,
    FetchError,
    NotFoundError,
    SpoiledError,
    UnreachableError,
)
from skyrocket.fetch.wanted import Place, Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.file_mirror import Mirror

BIG = bytes(range(256)) * 4096  # 1 MiB: several chunks


class Steps:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int | None]] = []

    def step(self, name: str) -> None:
        pass

    def advance(self, done: int, total: int | None = None, unit: str = "B") -> None:
        assert unit == "B"
        self.seen.append((done, total))

    def note(self, text: str) -> None:
        pass


def fetch(wanted: list[Wanted], folder: Path, **more: object) -> list[Path]:
    return download.fetch(wanted, folder, pause=0.0, **more)  # type: ignore[arg-type]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_arrive_under_their_hash_in_the_order_asked(mirror: Mirror, tmp_path: Path) -> None:
    """Each file is named by its hash, and paths come in the caller's order."""
    wanted = [mirror.add(f"pool/{number}", BIG[number:]) for number in range(9)]
    steps = Steps()
    paths = fetch(wanted, tmp_path, progress=steps)
    assert [path.name for path in paths] == [item.sha256 for item in wanted]
    assert [path.read_bytes() for path in paths] == [BIG[number:] for number in range(9)]
    total = sum(item.size for item in wanted)
    assert steps.seen[0] == (0, total)
    assert steps.seen[-1] == (total, total)


def test_what_is_there_is_not_asked_for(mirror: Mirror, tmp_path: Path) -> None:
    """A second fetch of the same files asks no server."""
    wanted = [mirror.add("a", b"one"), mirror.add("b", b"two")]
    fetch(wanted, tmp_path)
    asked = len(mirror.asked)
    fetch(wanted, tmp_path)
    assert len(mirror.asked) == asked


def test_connections_are_kept(mirror: Mirror, tmp_path: Path) -> None:
    """One thread gets all its files over one connection."""
    accepted: list[object] = []
    original = mirror.server.get_request

    def counted() -> object:
        request = original()
        accepted.append(request)
        return request

    mirror.server.get_request = counted  # type: ignore[method-assign,assignment]
    fetch([mirror.add(f"f{n}", b"x" * (n + 1)) for n in range(20)], tmp_path, workers=1)
    assert len(accepted) == 1


def test_three_lost_files_come_from_the_next_source(
    mirror: Mirror, second_mirror: Mirror, tmp_path: Path
) -> None:
    """A mirror that lost three files still serves the others."""
    data = {f"pool/p{number}.deb": b"package %d" % number for number in range(8)}
    wanted = []
    for path, content in data.items():
        second_mirror.files[path] = content
        if path not in {"pool/p1.deb", "pool/p4.deb", "pool/p6.deb"}:
            mirror.files[path] = content
        place = Place(f"{second_mirror.url}/{path}", "second mirror")
        wanted.append(mirror.wanted(path, content, place))
    paths = fetch(wanted, tmp_path)
    assert [path.read_bytes() for path in paths] == list(data.values())
    assert sorted(path for path, _ in second_mirror.asked) == [
        "pool/p1.deb", "pool/p4.deb", "pool/p6.deb",
    ]  # fmt: skip


def test_a_file_that_no_source_has_is_named_with_its_command(
    mirror: Mirror, second_mirror: Mirror, tmp_path: Path
) -> None:
    """The error names the file, what each source said, and the command that mends it."""
    item = mirror.wanted("pool/gone.deb", b"gone", Place(second_mirror.url + "/x", "archive"))
    with pytest.raises(NotFoundError) as caught:
        fetch([item], tmp_path)
    assert str(caught.value) == (
        "cannot fetch pool/gone.deb: no source has it (first mirror: HTTP 404; archive: HTTP 404)"
    )
    assert caught.value.hint == "relock it"
    assert names(tmp_path) == []


def test_changed_bytes_are_refused(mirror: Mirror, tmp_path: Path) -> None:
    """Other bytes of the same length are an error and are not kept."""
    item = mirror.add("a.deb", b"right")
    mirror.files["a.deb"] = b"wrong"
    with pytest.raises(SpoiledError, match=r"a\.deb: first mirror: other bytes"):
        fetch([item], tmp_path)
    assert all((tmp_path / name).stat().st_size == 0 for name in names(tmp_path))
    assert item.sha256 not in names(tmp_path)


def test_changed_bytes_send_us_to_the_next_source(
    mirror: Mirror, second_mirror: Mirror, tmp_path: Path
) -> None:
    """One mirror that serves rubbish does not stop a build."""
    second_mirror.files["a"] = b"right"
    mirror.files["a"] = b"wrong"
    item = mirror.wanted("a", b"right", Place(f"{second_mirror.url}/a", "second mirror"))
    assert fetch([item], tmp_path)[0].read_bytes() == b"right"


def test_a_longer_file_than_locked_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    """A server cannot fill the disk with more than the lock says."""
    item = mirror.add("a", b"short")
    mirror.files["a"] = b"short" + BIG
    with pytest.raises(SpoiledError):
        fetch([item], tmp_path)


def test_a_part_is_continued_from_where_it_ends(mirror: Mirror, tmp_path: Path) -> None:
    """An interrupted download asks for the rest only."""
    item = mirror.add("big", BIG)
    (tmp_path / f"{item.sha256}.part").write_bytes(BIG[:300_000])
    assert fetch([item], tmp_path)[0].read_bytes() == BIG
    assert mirror.asked == [("big", "bytes=300000-")]
    assert names(tmp_path) == [item.sha256]


def test_a_server_without_ranges_begins_again(mirror: Mirror, tmp_path: Path) -> None:
    """A 200 to a range request replaces the part."""
    mirror.ranges = False
    item = mirror.add("big", BIG)
    (tmp_path / f"{item.sha256}.part").write_bytes(b"?" * 1000)
    assert fetch([item], tmp_path)[0].read_bytes() == BIG


@pytest.mark.parametrize("part", [b"rubbish", BIG + b"more", b"?" * len(BIG)])
def test_a_spoiled_part_is_thrown_away(mirror: Mirror, tmp_path: Path, part: bytes) -> None:
    """A part with wrong bytes, too many or just enough, costs one more download, no error."""
    item = mirror.add("big", BIG)
    (tmp_path / f"{item.sha256}.part").write_bytes(part)
    assert fetch([item], tmp_path)[0].read_bytes() == BIG


def test_a_cut_connection_is_continued(mirror: Mirror, tmp_path: Path) -> None:
    """When the server hangs up half-way, the same server is asked for the rest."""
    item = mirror.add("big", BIG)
    mirror.cut["big"] = 500_000
    assert fetch([item], tmp_path)[0].read_bytes() == BIG
    assert mirror.asked == [("big", ""), ("big", "bytes=500000-")]


def test_a_passing_failure_is_tried_again(mirror: Mirror, tmp_path: Path) -> None:
    """A server that is busy once is asked again."""
    item = mirror.add("a", b"data")
    mirror.status["a"] = [503, 503, 503, 503, 200]
    assert fetch([item], tmp_path)[0].read_bytes() == b"data"


def test_no_server_at_all(tmp_path: Path) -> None:
    """A refused connection names the source and speaks of network and proxy."""
    item = Wanted("a.deb", "0" * 64, 4, (Place("http://127.0.0.1:9/a", "default mirror"),))
    with pytest.raises(UnreachableError, match=r"a\.deb: default mirror: Connection refused") as e:
        fetch([item], tmp_path)
    assert "proxy" in e.value.hint
    assert names(tmp_path) == []


def test_a_dead_source_is_not_asked_for_every_file(mirror: Mirror, tmp_path: Path) -> None:
    """After a few files without an answer a source is left out."""
    calls: list[str] = []

    class Doors(doors.RealDoors):
        def open(self, place: Place, offset: int) -> doors.Stream:
            if place.source == "dead":
                calls.append(place.url)
                raise doors.UnreadyError("silent")
            return super().open(place, offset)

    wanted = []
    for number in range(12):
        item = mirror.add(f"f{number}", b"%d" % number)
        wanted.append(item._replace(places=(Place(f"x{number}", "dead"), *item.places)))
    fetch(wanted, tmp_path, doors=Doors(), workers=1)
    assert len(calls) == download.DEAD * download.TRIES


def test_a_full_disk_leaves_nothing(mirror: Mirror, tmp_path: Path) -> None:
    """When the disk fills up the part is removed and the error names the file."""

    class Doors(doors.RealDoors):
        def write(self, target: IO[bytes], data: bytes) -> None:
            super().write(target, data)
            if target.tell() > 400_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    item = mirror.add("big.deb", BIG)
    with pytest.raises(DiskError, match=r"cannot write big\.deb .*No space left") as caught:
        fetch([item], tmp_path, doors=Doors())
    assert "XDG_CACHE_HOME" in caught.value.hint
    assert names(tmp_path) == []


def test_too_little_space_is_said_before_the_first_byte(tmp_path: Path) -> None:
    """What cannot fit is refused at once, with both figures."""
    item = Wanted("huge", "0" * 64, 10**18, (Place("http://127.0.0.1:9/", "mirror"),))
    with pytest.raises(DiskError, match=r"1000000000067 MB are needed and \d+ MB are free"):
        fetch([item], tmp_path)


def test_stopping_keeps_the_part(mirror: Mirror, tmp_path: Path) -> None:
    """Ctrl-C ends the call and leaves a part that the next call continues."""
    item = mirror.add("big", BIG)
    begun = threading.Event()

    class Doors(doors.RealDoors):
        def write(self, target: IO[bytes], data: bytes) -> None:
            super().write(target, data)
            begun.set()

    class Interrupted(Steps):
        def advance(self, done: int, total: int | None = None, unit: str = "B") -> None:
            super().advance(done, total, unit)
            if len(self.seen) == 2:
                assert begun.wait(5)
                raise KeyboardInterrupt

    slow = mirror.add("other", b"x")
    with pytest.raises(KeyboardInterrupt):
        fetch([item, slow], tmp_path, progress=Interrupted(), doors=Doors())
    assert fetch([item], tmp_path)[0].read_bytes() == BIG


def test_two_runs_at_once_share_the_work(mirror: Mirror, tmp_path: Path) -> None:
    """Two processes that want the same file both get it whole."""
    wanted = [mirror.add(f"f{n}", BIG[n:]) for n in range(6)]
    failures: list[BaseException] = []

    def run() -> None:
        try:
            fetch(wanted, tmp_path)
        except FetchError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
    assert names(tmp_path) == sorted(item.sha256 for item in wanted)
    for path in tmp_path.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_a_login_in_an_address_is_sent_and_not_shown(mirror: Mirror, tmp_path: Path) -> None:
    """`http://user:password@host` becomes a header, as pip and apt do."""
    item = mirror.add("a", b"data")
    url = item.places[0].url.replace("http://", "http://me:secret@")
    assert fetch([item._replace(places=(Place(url, "mirror"),))], tmp_path)
    assert mirror.headers[-1]["Authorization"] == "Basic bWU6c2VjcmV0"


def test_a_proxy_is_asked_instead_of_the_server(mirror: Mirror, tmp_path: Path) -> None:
    """With a proxy the request carries the whole address."""
    item = mirror.wanted("x", b"data")
    mirror.files["http://mirror.invalid/x"] = b"data"
    place = Place("http://mirror.invalid/x", "mirror", proxy=mirror.url)
    assert fetch([item._replace(places=(place,))], tmp_path)[0].read_bytes() == b"data"
    assert mirror.asked[0][0] == "http://mirror.invalid/x"
