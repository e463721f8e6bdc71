"""The door to HTTP servers: GET, whole or in ranges, through a proxy, with limits on patience.

One connection is kept as long as requests go to the same server. What it brings is not believed by
anybody without a signature; TLS, where an address asks for it, keeps it from other eyes.
"""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import h11

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

CONNECT_SECONDS = 20.0
SILENCE_SECONDS = 30.0
HEAD_SECONDS = 60.0
"""From a request to the end of its answer's head, however the server spreads it."""
SLOWEST = 1024
"""Bytes a second that a server must give on average once `PATIENCE_SECONDS` are over."""
PATIENCE_SECONDS = 60.0
REDIRECTS = 5
PORTS = {"http": 80, "https": 443}
_PIECE = 1 << 18
_MOVED = (301, 302, 303, 307, 308)


class HttpError(Exception):
    """A server that cannot be reached, or breaks off, or is too slow."""


class Server(NamedTuple):
    """Where a connection goes: the server itself, or the proxy before it.

    A connection that is encrypted ends at BEHIND, which a proxy only leads to.
    """

    host: str
    port: int
    behind: tuple[str, int] | None = None


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
    """Requests, one after the other; at most LIMIT bytes of answers a second, 0 for any number."""

    def __init__(self, proxy: Proxy = DIRECT, limit: int = 0) -> None:
        self._proxy = proxy
        self.limit = limit
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
            self.close()
            moved = urljoin(url, response.headers["location"])
            if urlsplit(url).scheme == "https" != urlsplit(moved).scheme:
                raise HttpError(f"cannot fetch {url}: it was moved to where nothing is encrypted")
            url = moved
        raise HttpError(f"cannot fetch {url}: it was moved more than {REDIRECTS} times")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._server = None

    def _ask(self, url: str, headers: tuple[tuple[str, str], ...]) -> Response:
        parts = _parts(url)
        server, proxied = self._way(parts)
        whole = proxied and parts.scheme == "http"
        target = url if whole else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        request = h11.Request(
            method="GET",
            target=target.encode("ascii", "replace"),
            headers=[
                ("Host", parts.netloc.rpartition("@")[2]),
                ("User-Agent", "skyrocket"),
                ("Accept-Encoding", "identity"),
                *(self._credentials() if whole else ()),
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
        except (OSError, h11.ProtocolError, HttpError) as error:
            self.close()
            raise HttpError(f"cannot fetch {url}: {_said(error)}") from error

    def _way(self, parts: SplitResult) -> tuple[Server, bool]:
        """Where a connection for an address goes, and whether that is the proxy."""
        host, port = _place(parts)
        behind = (host, port) if parts.scheme == "https" else None
        if self._proxy.serves(host):
            url = self._proxy.url if "//" in self._proxy.url else f"http://{self._proxy.url}"
            return Server(*_place(urlsplit(url)), behind), True
        return Server(host, port, behind), False

    def _credentials(self) -> list[tuple[str, str]]:
        """A header for the proxy, when its address has a user's name."""
        user = urlsplit(self._proxy.url).netloc.rpartition("@")[0]
        coded = b64encode(unquote(user).encode()).decode()
        return [("Proxy-Authorization", f"Basic {coded}")] if user else []

    def _exchange(self, server: Server, request: h11.Request, url: str) -> Response:
        if self._server != server or self._state.our_state is not h11.IDLE:
            self.close()
            self._connect(server)
        head = self._head(request)
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
        return Response(head.status_code, headers, self._body(url))

    def _connect(self, server: Server) -> None:
        """A new connection, encrypted where SERVER says so."""
        place = (server.host, server.port)
        self._socket = socket.create_connection(place, CONNECT_SECONDS)
        self._server, self._state = server, h11.Connection(h11.CLIENT)
        if server.behind is None:
            return
        if place != server.behind:
            self._tunnel(server.behind)
        from skyrocket.host.system import tls  # a tenth of a second, and only for https

        self._socket.settimeout(CONNECT_SECONDS)
        self._socket = tls.wrap(self._socket, server.behind[0])
        self._state = h11.Connection(h11.CLIENT)

    def _tunnel(self, behind: tuple[str, int]) -> None:
        """Have the proxy lead to BEHIND."""
        target = f"{behind[0]}:{behind[1]}"
        headers = [("Host", target), ("User-Agent", "skyrocket"), *self._credentials()]
        head = self._head(h11.Request(method="CONNECT", target=target, headers=headers))
        if not 200 <= head.status_code < 300:
            raise HttpError(f"the proxy answers {head.status_code}")

    def _head(self, request: h11.Request) -> h11.Response:
        """Send REQUEST and wait for the head of its answer."""
        until = time.monotonic() + HEAD_SECONDS
        self._send(request)
        self._send(h11.EndOfMessage())
        while not isinstance(event := self._event(until), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise HttpError("the server closed the connection")
        return event

    def _send(self, event: h11.Request | h11.EndOfMessage) -> None:
        data = self._state.send(event)
        if self._socket is not None and data:
            self._socket.sendall(data)

    def _event(self, until: float = float("inf")) -> object:
        """The next event; waits for a silent server, and for any one not beyond UNTIL."""
        while (event := self._state.next_event()) is h11.NEED_DATA:
            if self._socket is None:
                raise HttpError("the connection is closed")
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(min(SILENCE_SECONDS, left))
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
        if self.limit and (early := got / self.limit - took) > 0:
            time.sleep(early)


def _parts(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise HttpError(f"cannot fetch {url}: only http:// and https:// addresses can be asked")
    return parts


def _place(parts: SplitResult) -> tuple[str, int]:
    try:
        return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 80)
    except ValueError as error:
        raise HttpError(f"cannot fetch {parts.geturl()}: {error}") from error


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return getattr(error, "strerror", None) or str(error)
