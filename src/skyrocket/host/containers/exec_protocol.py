"""The rules of an exec connection, without socket, process or clock.

`Protocol` is fed what the client sent and says what is to be done; every rule that ends the
connection is a `Violation` with its WebSocket close code. How frames travel is not its business.
"""

from __future__ import annotations

import msgspec

from skyrocket.host.containers.exec_model import (
    Capacity,
    CapacityContent,
    Initialize,
    Size,
    Tagged,
)
from skyrocket.models import nesting

MAX_OUTSTANDING = 1024
"""Messages the client may have sent that the command has not taken yet."""
CAPACITY_EVERY = 128
LARGEST_MESSAGE = 65536
CONTENT_COMPLETE = "ContentComplete"

POLICY, SIZE, INVALID, ERROR, UNSUPPORTED = 1008, 1009, 1007, 1011, 1003


class Violation(Exception):  # noqa: N818  # what the client did, not what failed here
    """The connection ends with this close code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


class End:
    """The client's input is complete."""

    __slots__ = ()


Asked = Initialize | Size | End


class Protocol:
    """What one client may send next, and how much of it."""

    __slots__ = ("_ended", "_outstanding", "_started", "_written")

    def __init__(self) -> None:
        self._started = self._ended = False
        self._outstanding = self._written = 0

    @property
    def started(self) -> bool:
        """Whether the client has said what to run."""
        return self._started

    def text(self, message: str) -> Asked:
        """A text message; raises Violation."""
        asked = _parse(message)
        match asked:
            case Initialize():
                if self._started:
                    raise Violation(POLICY, "already initialized")
                self._started = True
            case End():
                if not self._started:
                    raise Violation(POLICY, "ContentComplete sent before initialization")
                self._ended = True
            case Size():
                if not self._started:
                    raise Violation(POLICY, "Winch sent before initialization")
        return asked

    def data(self) -> bool:
        """A binary message arrived; says whether it is still wanted. Raises Violation."""
        if not self._started:
            raise Violation(POLICY, "process data sent before initialization")
        if self._ended:
            return False
        if self._outstanding >= MAX_OUTSTANDING:
            raise Violation(SIZE, "write buffer full; obey capacity updates")
        self._outstanding += 1
        return True

    def written(self) -> bool:
        """The command took a message; says whether the client is to be told."""
        self._outstanding -= 1
        self._written += 1
        return self._written % CAPACITY_EVERY == 0

    def capacity(self) -> str:
        """The message that tells the client how far it may run ahead."""
        content = CapacityContent(MAX_OUTSTANDING, self._written)
        return msgspec.json.encode(Capacity(content)).decode()


def _parse(message: str) -> Asked:
    if nesting.too_deep(message.encode()):
        raise Violation(INVALID, f"invalid JSON in client message: over {nesting.DEEPEST} levels")
    try:
        if message.lstrip().startswith('"'):
            word = msgspec.json.decode(message, type=str)
            if word != CONTENT_COMPLETE:
                raise Violation(INVALID, f"invalid JSON in client message: unknown {word[:40]!r}")
            return End()
        tagged = msgspec.json.decode(message, type=Tagged)
    except msgspec.MsgspecError as error:
        raise Violation(INVALID, f"invalid JSON in client message: {error}") from error
    if (tagged.initialize is None) == (tagged.winch is None):
        raise Violation(INVALID, "invalid JSON in client message: expected one of the messages")
    asked = tagged.initialize or tagged.winch
    assert asked is not None  # noqa: S101  # said just above
    return asked
