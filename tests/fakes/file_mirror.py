"""A loopback mirror with the faults that mirrors have."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from skyrocket.fetch.wanted import Place, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mirror:
    """Files by path; what was asked, and how to answer wrongly."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.ranges = True
        self.cut: dict[str, int] = {}
        self.status: dict[str, list[int]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def add(self, path: str, data: bytes) -> Wanted:
        """Serve DATA at PATH; gives what to want it by."""
        self.files[path] = data
        return self.wanted(path, data)

    def wanted(self, path: str, data: bytes, *more: Place) -> Wanted:
        place = Place(f"{self.url}/{path}", "first mirror")
        digest = hashlib.sha256(data).hexdigest()
        return Wanted(path, digest, len(data), (place, *more), "relock it")


def _handler(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.removeprefix("/")
            asked = self.headers.get("Range", "")
            mirror.asked.append((path, asked))
            mirror.headers.append(dict(self.headers.items()))
            status = mirror.status.get(path) or [200]
            code = status.pop(0) if len(status) > 1 else status[0]
            data = mirror.files.get(path)
            if data is None or code != 200:
                self._answer(404 if data is None else code, b"no", {})
                return
            extra = {"Content-Type": mirror.types.get(path, "application/octet-stream")}
            if asked and mirror.ranges:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= len(data):
                    self._answer(416, b"", {})
                    return
                extra["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
                self._answer(206, data[start:], extra, mirror.cut.pop(path, None))
                return
            self._answer(200, data, extra, mirror.cut.pop(path, None))

        def _answer(
            self, code: int, data: bytes, extra: dict[str, str], cut: int | None = None
        ) -> None:
            self.send_response(code)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:cut])
            if cut is not None:
                self.close_connection = True

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def serving() -> Iterator[Mirror]:
    """A mirror that answers until the block ends."""
    found = Mirror()
    found.thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
        found.thread.join(5)
