"""Requests and answers as the routes see them; no sockets, no HTTP library."""

from typing import TypeVar

import msgspec

from skyrocket.host.api.errors import ApiError, BadRequestError
from skyrocket.host.api.peers import NOBODY
from skyrocket.models import nesting

T = TypeVar("T")

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
_HEX = frozenset("0123456789abcdefABCDEF")


class Request:
    """One request: method, path, decoded query and body."""

    __slots__ = ("body", "content_type", "keys", "method", "path", "peer", "query", "raw")

    def __init__(
        self, method: str, target: str, body: bytes = b"", content_type: str = JSON
    ) -> None:
        path, _, query = _without_authority(target).partition("?")
        self.method = method
        self.path = path
        self.query = _query(query)
        self.body = body
        self.content_type = content_type
        self.raw = b""
        self.peer = NOBODY
        self.keys: list[str] = []  # what the request turned out to be about

    @property
    def who(self) -> str:
        """Who made the change, for the history of settings; nothing when nobody was asked."""
        return "" if self.peer is NOBODY else self.peer.client

    def json(self, kind: type[T]) -> T:
        """The body as a KIND; raise BadRequestError with the text clients know."""
        if self.content_type.partition(";")[0].strip().lower() != JSON:
            raise BadRequestError("Json deserialize error: Content type error")
        if nesting.too_deep(self.body):
            raise BadRequestError(f"Json deserialize error: deeper than {nesting.DEEPEST} levels")
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRequestError(f"Json deserialize error: {error}") from error

    def wants(self, parameter: str) -> bool:
        """Whether PARAMETER is `true`; 400 when it is neither that nor `false`."""
        text = self.query.get(parameter, "false")
        if text not in {"true", "false"}:
            raise BadRequestError(f"Input '{parameter}' is neither true nor false: '{text}'")
        return text == "true"

    def names(self, parameter: str) -> list[str] | None:
        """A comma-separated PARAMETER; None when it is not given, 400 when it is empty."""
        text = self.query.get(parameter)
        if text is None:
            return None
        if not text:
            raise BadRequestError(f"Input '{parameter}' cannot be empty")
        return text.split(",")


class Answer:
    """Status, body and its type."""

    __slots__ = ("body", "content_type", "status")

    def __init__(self, status: int, body: bytes = b"", content_type: str = TEXT) -> None:
        self.status = status
        self.body = body
        self.content_type = content_type


NOTHING = Answer(204)


def data(value: object) -> Answer:
    """VALUE as JSON, keys sorted."""
    return Answer(200, msgspec.json.encode(value, order="sorted"), JSON)


def failure(error: ApiError) -> Answer:
    """The plain text answer of an ERROR."""
    return Answer(error.status, str(error).encode())


def _without_authority(target: str) -> str:
    """The path and query of TARGET: `ws://localhost/exec` is `/exec`."""
    if target.startswith("/"):
        return target
    _, found, rest = target.partition("://")
    slash = rest.find("/")
    return rest[slash:] if found and slash >= 0 else target


def _query(text: str) -> dict[str, str]:
    """The parameters of a query; of two with one name the later counts."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {_unquoted(key): _unquoted(value) for key, _, value in pairs}


def _unquoted(text: str) -> str:
    """TEXT without percent encoding; a stray percent sign is 400."""
    first, *parts = text.replace("+", " ").split("%")
    decoded = bytearray(first.encode())
    for part in parts:
        code = part[:2]
        if len(code) < 2 or not _HEX.issuperset(code):
            raise BadRequestError(f"Query deserialize error: bad escape %{code}")
        decoded.append(int(code, 16))
        decoded += part[2:].encode()
    try:
        return decoded.decode()
    except UnicodeDecodeError as error:
        raise BadRequestError("Query deserialize error: not UTF-8") from error
