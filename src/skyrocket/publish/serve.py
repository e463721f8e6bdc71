"""Serve a repository on loopback: `/metadata/` and `/targets/`, with ranges. For tests and a lab.

Anything that serves files does for a fleet; this one exists so that a node on this machine can be
updated with nothing but this project. It serves two folders and no other file.
"""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

FOLDERS = ("metadata", "targets")
_NAME = re.compile(r"/(metadata|targets)/([A-Za-z0-9_+~-][A-Za-z0-9._+~-]*)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_CHUNK = 1 << 18


class Handler(BaseHTTPRequestHandler):
    """One request; the folder is a class attribute of a subclass made by `server`."""

    folder = Path()
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing: one line a block range would hide everything else."""

    def _answer(self, *, body: bool) -> None:
        path = located(self.folder, self.path)
        if path is None:
            self.send_error(404)
            return
        size = path.stat().st_size
        first, last = extent(self.headers.get("Range", ""), size)
        partial = (first, last) != (0, size - 1)
        self.send_response(206 if partial else 200)
        if partial:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        if body:
            self._send(path, first, last)

    def _send(self, path: Path, first: int, last: int) -> None:
        with path.open("rb") as file:
            file.seek(first)
            left = last - first + 1
            try:
                while left and (chunk := file.read(min(left, _CHUNK))):
                    self.wfile.write(chunk)
                    left -= len(chunk)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # whoever asked has gone


def located(folder: Path, target: str) -> Path | None:
    """The file that the request TARGET names below FOLDER; None for anything else."""
    match = _NAME.fullmatch(unquote(urlsplit(target).path))
    path = folder / match[1] / match[2] if match else None
    return path if path is not None and path.is_file() else None


def extent(wanted: str, size: int) -> tuple[int, int]:
    """First and last byte of the range that a header WANTED; the whole file for any other form."""
    match = _RANGE.fullmatch(wanted)
    if match is None or int(match[1]) >= size:
        return 0, size - 1
    last = int(match[2]) if match[2] else size - 1
    return (int(match[1]), min(last, size - 1)) if last >= int(match[1]) else (0, size - 1)


def server(folder: Path, port: int, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server of the repository in FOLDER; PORT 0 takes any that is free."""
    bound = type("Bound", (Handler,), {"folder": folder})
    made = ThreadingHTTPServer((host, port), bound)
    made.daemon_threads = True
    return made
