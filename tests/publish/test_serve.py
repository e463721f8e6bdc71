"""The server for tests: two folders, ranges, nothing else."""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING

import pytest

from skyrocket.publish import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = bytes(range(256)) * 40


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets/some.thing").write_bytes(DATA)
    (tmp_path / "metadata/empty.json").write_bytes(b"")
    (tmp_path / "secret").write_bytes(b"!")
    with serve.server(tmp_path, 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(port: int, target: str, wanted: str = "") -> tuple[int, bytes, str | None]:
    line = http.client.HTTPConnection("127.0.0.1", port)
    line.request("GET", target, headers={"Range": wanted} if wanted else {})
    answer = line.getresponse()
    found = answer.status, answer.read(), answer.getheader("Content-Range")
    line.close()
    return found


def test_files_of_both_folders_are_served_whole(port: int) -> None:
    assert ask(port, "/targets/some.thing?seed=5") == (200, DATA, None)
    assert ask(port, "/metadata/empty.json") == (200, b"", None)


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=100-199", 100, 199), ("bytes=10000-", 10000, 10239),
     ("bytes=10000-99999", 10000, 10239)],
)  # fmt: skip
def test_a_range_is_answered_with_just_that(port: int, wanted: str, first: int, last: int) -> None:
    expected = (206, DATA[first : last + 1], f"bytes {first}-{last}/10240")
    assert ask(port, "/targets/some.thing", wanted) == expected


@pytest.mark.parametrize(
    "wanted", ["bytes=-5", "bytes=5-4", "bytes=99999-", "items=1-2", "bytes=1"]
)
def test_any_other_range_gets_the_whole(port: int, wanted: str) -> None:
    assert ask(port, "/targets/some.thing", wanted) == (200, DATA, None)


@pytest.mark.parametrize(
    "target",
    ["/secret", "/targets/../secret", "/targets/%2e%2e/secret", "/targets/..%2fsecret", "/targets/",
     "/metadata", "/", "/targets/.hidden", "/targets//etc/passwd", "/targets/no.thing"],
)  # fmt: skip
def test_nothing_else_is_served(port: int, target: str) -> None:
    assert ask(port, target)[0] == 404
