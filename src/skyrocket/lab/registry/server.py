"""The registry's HTTP side: routes of the distribution specification over `Layouts`."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from skyrocket.lab.registry.layouts import Layouts
from skyrocket.lab.registry.ranges import RangeError, Span, parse
from skyrocket.lab.registry.tokens import Passwords, Tokens

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

CHUNK = 1 << 18
STOP_LATENCY = 0.05  # seconds
ROUTE = re.compile(
    r"^/v2/(?P<repository>[a-z0-9]+(?:[._/-][a-z0-9]+)*)/"
    r"(?P<kind>manifests|blobs|tags)/(?P<reference>[A-Za-z0-9_.:-]+)$"
)


class Request(NamedTuple):
    """One line of the registry's log."""

    method: str
    path: str
    status: int
    user_agent: str


class Registry:
    """A running registry; a context manager. Serves as many clients as there are threads."""

    def __init__(
        self,
        root: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tokens: Tokens | Passwords | None = None,
        tls: ssl.SSLContext | None = None,
        log: Callable[[Request], None] | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._log = log
        self._server = _Server((host, port), Handler)
        self._server.layouts = Layouts(root)
        self._server.tokens = tokens
        self._server.scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.record = self._record
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_LATENCY,), name="registry"
        )

    @property
    def address(self) -> str:
        """HOST:PORT it listens on."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop accepting and wait for the thread; running answers are cut off."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self) -> None:
        """Block until `stop` was called."""
        self._thread.join()

    def _record(self, request: Request) -> None:
        self.requests.append(request)
        if self._log is not None:
            self._log(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    layouts: Layouts
    tokens: Tokens | Passwords | None
    scheme: str
    record: Callable[[Request], None]


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: _Server
    server_version = "skyrocket-registry"
    sys_version = ""

    def do_GET(self) -> None:
        self._route()

    def do_HEAD(self) -> None:
        self._route()

    def _refuse(self) -> None:
        self.close_connection = True  # the body that came along is not read
        self._error(405, "UNSUPPORTED", "this registry is read-only")

    do_PUT = do_PATCH = do_DELETE = _refuse  # noqa: N815  # the names http.server calls

    def do_POST(self) -> None:
        """A refresh token is sent in a form, to the token server alone."""
        if urlsplit(self.path).path != "/token":
            self._refuse()
            return
        length = int(self.headers.get("Content-Length", "0"))
        form = parse_qs(self.rfile.read(min(length, CHUNK)).decode())
        tokens = self.server.tokens
        known = isinstance(tokens, Tokens) and tokens.refreshes(form.get("refresh_token", [""])[0])
        self._give_token(form.get("scope", [""]), known=known)

    def _route(self) -> None:
        path = urlsplit(self.path).path
        found = ROUTE.match(path)
        if path == "/token":
            self._token()
        elif path in ("/v2", "/v2/", "/v2/_catalog"):
            if self._allowed(""):
                self._json(
                    200, {"repositories": self.server.layouts.repositories()} if "_" in path else {}
                )
        elif found is None:
            self._error(404, "NAME_UNKNOWN", f"no such path: {path}")
        elif self._allowed(found["repository"]):
            answer = {"manifests": self._manifest, "blobs": self._blob, "tags": self._tags}
            answer[found["kind"]](found["repository"], found["reference"])

    def _manifest(self, repository: str, reference: str) -> None:
        manifest = self.server.layouts.manifest(repository, reference)
        if manifest is None:
            self._error(404, "MANIFEST_UNKNOWN", f"no manifest {reference} in {repository}")
            return
        headers = {"Docker-Content-Digest": manifest.digest, "Content-Type": manifest.media_type}
        self._send(200, headers, manifest.data)

    def _tags(self, repository: str, reference: str) -> None:
        tags = self.server.layouts.tags(repository) if reference == "list" else None
        if tags is None:
            self._error(404, "NAME_UNKNOWN", f"no repository {repository}")
        else:
            self._json(200, {"name": repository, "tags": tags})

    def _blob(self, repository: str, digest: str) -> None:
        path = self.server.layouts.blob(repository, digest)
        if path is None:
            self._error(404, "BLOB_UNKNOWN", f"no blob {digest} in {repository}")
            return
        size = path.stat().st_size
        try:
            span = parse(self.headers.get("Range"), size)
        except RangeError:
            self._send(416, {"Content-Range": f"bytes */{size}"}, b"")
            return
        headers = {
            "Docker-Content-Digest": digest,
            "Content-Type": "application/octet-stream",
            "Accept-Ranges": "bytes",
            "ETag": f'"{digest}"',
        }
        if span is not None:
            headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
        whole = span or Span(0, size - 1)
        self._head(206 if span else 200, headers, whole.last - whole.first + 1)
        if self.command != "HEAD":
            self._copy(path, whole)

    def _copy(self, path: Path, span: Span) -> None:
        left = span.last - span.first + 1
        with path.open("rb") as stream:
            stream.seek(span.first)
            while left and (data := stream.read(min(CHUNK, left))):
                self.wfile.write(data)
                left -= len(data)

    def _token(self) -> None:
        tokens = self.server.tokens
        shown = self.headers.get("Authorization", "")
        known = isinstance(tokens, Tokens) and tokens.knows(shown)
        self._give_token(parse_qs(urlsplit(self.path).query).get("scope", [""]), known=known)

    def _give_token(self, scopes: list[str], *, known: bool) -> None:
        tokens = self.server.tokens
        if not isinstance(tokens, Tokens):
            self._error(404, "NAME_UNKNOWN", "this registry gives no tokens")
        elif not known:
            self._error(401, "UNAUTHORIZED", "wrong user or password")
        else:
            word = tokens.issue(" ".join(scopes))
            self._json(200, {"token": word, "access_token": word, "expires_in": tokens.seconds})

    def _allowed(self, repository: str) -> bool:
        """Whether the request may go on; answers it when not."""
        tokens = self.server.tokens
        if tokens is None or tokens.allows(self.headers.get("Authorization", ""), repository):
            return True
        address = f"{self.server.scheme}://{self.headers.get('Host', '')}"
        challenge = tokens.challenge(address, repository)
        self._error(401, "UNAUTHORIZED", "a token is needed", {"WWW-Authenticate": challenge})
        return False

    def _error(
        self, status: int, code: str, text: str, headers: dict[str, str] | None = None
    ) -> None:
        self._json(status, {"errors": [{"code": code, "message": text}]}, headers)

    def _json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode() + b"\n"
        self._send(status, {"Content-Type": "application/json", **(headers or {})}, data)

    def _send(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self._head(status, headers, len(data))
        if self.command != "HEAD":
            self.wfile.write(data)

    def _head(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        agent = self.headers.get("User-Agent", "")
        self.server.record(Request(self.command, self.path, status, agent))

    def log_message(self, *_: object) -> None:
        """Say nothing here: the registry has a log of its own."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # a client that went away in the middle of a pull
