"""A server in memory, in the place of `host.system.web.Client`: files of a folder, and tricks.

A trick is a function from a request's path and its honest answer to another answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from skyrocket.host.system.web import HttpError, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Headers = tuple[tuple[str, str], ...]
    Trick = Callable[[str, Headers, Response], Response]

URL = "http://updates.test/"


def honest(_path: str, _headers: Headers, answer: Response) -> Response:
    return answer


def body(data: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, headers or {}, chunks(data))


def chunks(data: bytes, size: int = 10_000) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def endless() -> Iterator[bytes]:
    while True:
        yield bytes(10_000)


def broken(data: bytes) -> Iterator[bytes]:
    """Some bytes, and then the line is dead."""
    yield data
    raise HttpError("cannot fetch it: the server closed the connection")


class FakeClient:
    """Answers from FOLDER through TRICK; remembers what was asked and how much was taken."""

    def __init__(self, folder: Path, trick: Trick = honest) -> None:
        self.folder, self.trick = folder, trick
        self.asked: list[tuple[str, str]] = []
        self.received = 0

    def get(self, url: str, headers: Headers = ()) -> Response:
        path = urlsplit(url).path.lstrip("/")
        wanted = dict(headers).get("Range", "")
        self.asked.append((path, wanted))
        answer = self.trick(path, headers, self._answer(path, wanted))
        return answer._replace(chunks=self._counted(answer.chunks))

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, path: str, wanted: str) -> Response:
        file = self.folder / path
        if not file.is_file():
            return body(b"no such file", 404)
        data = file.read_bytes()
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted)
        if match is None:
            return body(data, headers={"content-length": str(len(data))})
        first, last = int(match[1]), min(int(match[2]), len(data) - 1)
        said = {"content-range": f"bytes {first}-{last}/{len(data)}"}
        return body(data[first : last + 1], 206, said)

    def _counted(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        for part in parts:
            self.received += len(part)
            yield part
