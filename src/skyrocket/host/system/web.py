"""The door to HTTP servers: GET, whole or in ranges, through a proxy, with limits on patience.

One connection is kept as long as requests go to the same server. It knows no TLS yet and says so;
what it brings is not believed by anybody without a signature.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

import h11

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS = 20.0
SILENCE_SECONDS = 30.0
SLOWEST = 1024
"""Bytes a second that a server must give on average once `PATIENCE_SECONDS` are over."""
PATIENCE_SECONDS = 60.0
REDIRECTS = 5
_PIECE = 1 << 18
_MOVED = (301, 302, 303, 307, 308)


class HttpError(Exception):
    """A server that cannot be reached, or breaks off, or is too slow."""


class Server(NamedTuple):
    """Where a connection goes: the server itself, or the proxy before it."""

    host: str
    port: int


class Proxy(NamedTuple):
    """Where requests go instead, but for hosts (and what is below them) that NOT_FOR names."""

    url: str = ""
    not_for: tuple[str, ...] = ()

    def serves(self, host: str) -> bool:
        return bool(self.url) and not any(
            host == each.lstrip(".") or host.endswith(f".{each.lstrip('.')}")
            for each in self.not_for
        )


DIRECT = Proxy()


class Response(NamedTuple):
    """STATUS and HEADERS (names in small letters); CHUNKS must be read to the end, or closed."""

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]


class Client:
    """Requests, one after the other."""

    def __init__(self, proxy: Proxy = DIRECT, limit: int = 0) -> None:
        self._proxy = proxy
        self._limit = limit
        self._socket: socket.socket | None = None
        self._server: Server | None = None
        self._state = h11.Connection(h11.CLIENT)
        self.received = 0

    def get(self, url: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        """Ask for URL, following redirects; raise HttpError."""
        for _ in range(REDIRECTS + 1):
            response = self._ask(url, headers)
            if response.status not in _MOVED or "location" not in response.headers:
                return response
            url = urljoin(url, response.headers["location"])
            self.close()
        raise HttpError(f"cannot fetch {url}: it was moved more than {REDIRECTS} times")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._server = None

    def _ask(self, url: str, headers: tuple[tuple[str, str], ...]) -> Response:
        parts = urlsplit(url)
        if parts.scheme == "https":
            raise HttpError(f"cannot fetch {url}: this version has no TLS; use an http:// address")
        if parts.scheme != "http" or not parts.hostname:
            raise HttpError(f"cannot fetch {url}: only http:// addresses can be asked")
        proxied = self._proxy.serves(parts.hostname)
        target = (
            url if proxied else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        )
        server = _server(self._proxy.url if proxied else url)
        request = h11.Request(
            method="GET",
            target=target.encode("ascii", "replace"),
            headers=[
                ("Host", parts.netloc.rpartition("@")[2]),
                ("User-Agent", "skyrocket"),
                ("Accept-Encoding", "identity"),
                *headers,
            ],
        )
        kept = self._server == server
        try:
            return self._exchange(server, request, url)
        except (OSError, h11.ProtocolError, HttpError) as error:
            self.close()
            if not kept:
                raise HttpError(f"cannot fetch {url}: {_said(error)}") from error
        try:  # the server may have closed what was kept from the request before
            return self._exchange(server, request, url)
        except (OSError, h11.ProtocolError) as error:
            self.close()
            raise HttpError(f"cannot fetch {url}: {_said(error)}") from error

    def _exchange(self, server: Server, request: h11.Request, url: str) -> Response:
        if self._server != server or self._state.our_state is not h11.IDLE:
            self.close()
            self._socket = socket.create_connection(server, CONNECT_SECONDS)
            self._socket.settimeout(SILENCE_SECONDS)
            self._server, self._state = server, h11.Connection(h11.CLIENT)
        self._send(request)
        self._send(h11.EndOfMessage())
        while not isinstance(event := self._event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise HttpError("the server closed the connection")
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in event.headers}
        return Response(event.status_code, headers, self._body(url))

    def _send(self, event: h11.Request | h11.EndOfMessage) -> None:
        data = self._state.send(event)
        if self._socket is not None and data:
            self._socket.sendall(data)

    def _event(self) -> object:
        while (event := self._state.next_event()) is h11.NEED_DATA:
            if self._socket is None:
                raise HttpError("the connection is closed")
            data = self._socket.recv(_PIECE)
            self.received += len(data)
            self._state.receive_data(data)
        return event

    def _body(self, url: str) -> Iterator[bytes]:
        begin, got = time.monotonic(), 0
        try:
            while not isinstance(event := self._event(), h11.EndOfMessage):
                if not isinstance(event, h11.Data):
                    raise HttpError(f"cannot fetch {url}: it broke off")  # noqa: TRY301  (it closes)
                got += len(event.data)
                self._pace(url, begin, got)
                yield bytes(event.data)
        except (OSError, h11.ProtocolError) as error:
            self.close()
            raise HttpError(f"cannot fetch {url}: {_said(error)}") from error
        except BaseException:
            self.close()  # half a body is left in it
            raise
        if self._state.their_state is h11.DONE and self._state.our_state is h11.DONE:
            self._state.start_next_cycle()
        else:
            self.close()

    def _pace(self, url: str, begin: float, got: int) -> None:
        """Hold back above the limit; give up on a server that drips."""
        took = time.monotonic() - begin
        if took > PATIENCE_SECONDS and got < SLOWEST * took:
            raise HttpError(f"cannot fetch {url}: it gives less than {SLOWEST} bytes a second")
        if self._limit and (early := got / self._limit - took) > 0:
            time.sleep(early)


def _server(url: str) -> Server:
    parts = urlsplit(url if "//" in url else f"http://{url}")
    try:
        return Server(parts.hostname or "", parts.port or 80)
    except ValueError as error:
        raise HttpError(f"cannot use address {url}: {error}") from error


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return getattr(error, "strerror", None) or str(error)
