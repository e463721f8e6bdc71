"""One HTTP/1.1 request over the node's Unix socket.

Small on purpose: a connection for each request, whole answers, no chunked bodies (the API sends
none). Starting counts, so it takes `_socket` rather than `socket`.
"""

import _socket

from skyrocket.client.errors import ConnectError, StatusError

SOCKET = "/run/api.sock"
TIMEOUT = 120.0


class Response:
    """Status and body of an answer."""

    __slots__ = ("body", "status")

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def connect(path: str) -> "_socket.socket":
    """A connection to the socket at PATH; raise ConnectError."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        connection.settimeout(TIMEOUT)
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise ConnectError(f"cannot connect to {path}: {error.strerror or error}") from None
    return connection


def request(path: str, method: str, uri: str, data: "bytes | None" = None) -> Response:
    """METHOD on URI with DATA, over the socket at PATH -> the answer, whatever its status."""
    body = data or b""
    head = (
        f"{method} {uri} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = connect(path)
    try:
        _send(connection, head.encode("utf-8") + body)
        return _parse(_receive(connection), uri)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConnectError(f"Failed {method} request to '{uri}': {reason}") from None
    finally:
        connection.close()


def ask(path: str, method: str, uri: str, data: "bytes | None" = None) -> Response:
    """Like `request`, but an answer that is not 2xx raises StatusError."""
    response = request(path, method, uri, data)
    if not 200 <= response.status < 300:
        raise StatusError(method, uri, response.status, response.text)
    return response


def _send(connection: "_socket.socket", content: bytes) -> None:
    try:
        connection.sendall(content)
    except BrokenPipeError:
        return  # the node may refuse a large body before it has all of it: its answer says why


def _receive(connection: "_socket.socket") -> bytes:
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        if not parts:
            raise
    return b"".join(parts)


def _parse(raw: bytes, uri: str) -> Response:
    """The last response in RAW: informational ones stand before it."""
    while True:
        head, found, body = raw.partition(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].split(b" ", 2)
        if not found or not words[0].startswith(b"HTTP/1.") or not words[1][:3].isdigit():
            raise ConnectError(f"cannot read the answer for '{uri}': it is not HTTP")
        status = int(words[1])
        if status >= 200:
            return Response(status, body)
        raw = body
