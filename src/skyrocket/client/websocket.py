"""The client's half of the WebSocket protocol (RFC 6455): frames and the opening handshake.

Bytes in, bytes out; no socket. Messages here are short, so a whole one is kept in memory.
"""

from binascii import b2a_base64
from posix import urandom

from skyrocket.client.errors import ClientError

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
LONGEST = 1024 * 1024
_FINAL, _MASKED = 0x80, 0x80


def opening(path: str) -> bytes:
    """The request that asks to switch protocols."""
    key = b2a_base64(urandom(16), newline=False).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """One final frame, masked as a client must."""
    length = len(payload)
    if length < 126:
        head = bytes((_FINAL | opcode, _MASKED | length))
    elif length < 65536:
        head = bytes((_FINAL | opcode, _MASKED | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((_FINAL | opcode, _MASKED | 127)) + length.to_bytes(8, "big")
    mask = urandom(4)
    return head + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    length = len(payload)
    key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(length, "big")


class Reader:
    """Bytes from the server, message by message."""

    __slots__ = ("_bytes", "_kind", "_parts")

    def __init__(self, first: bytes = b"") -> None:
        self._bytes = bytearray(first)
        self._kind = CONTINUATION
        self._parts: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        self._bytes += piece

    def message(self) -> "tuple[int, bytes] | None":
        """The next whole message -> (opcode, payload); None until more bytes have come."""
        while (found := self._frame()) is not None:
            final, opcode, payload = found
            if opcode >= CLOSE:
                return opcode, payload
            if opcode != CONTINUATION:
                self._kind = opcode
                self._parts = []
            self._parts.append(payload)
            if final:
                return self._kind, b"".join(self._parts)
        return None

    def _frame(self) -> "tuple[bool, int, bytes] | None":
        raw = self._bytes
        if len(raw) < 2:
            return None
        if raw[1] & _MASKED or raw[0] & 0x70:
            raise ClientError("cannot read from the node: it sent a malformed frame")
        extra = {126: 2, 127: 8}.get(raw[1], 0)
        start = 2 + extra
        if len(raw) < start:
            return None
        length = int.from_bytes(raw[2:start], "big") if extra else raw[1]
        if length > LONGEST:
            raise ClientError(f"cannot read from the node: it sent a frame of {length} bytes")
        if len(raw) < start + length:
            return None
        final, opcode, payload = bool(raw[0] & _FINAL), raw[0] & 0x0F, raw[start : start + length]
        del raw[: start + length]
        return final, opcode, bytes(payload)


def close_reason(payload: bytes) -> "tuple[int, str]":
    """What a close frame says -> (code, reason)."""
    if len(payload) < 2:
        return 1005, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace")
