"""Method calls to systemd's manager over its private socket: as much of D-Bus as that takes.

Knows the wire (D-Bus specification, "Message Protocol" and "SASL"); calls have strings as their
arguments, replies are a success or an error. Which units there are, and why, is not known here.
"""

from __future__ import annotations

import os
import socket

PRIVATE = "/run/systemd/private"
OBJECT = "/org/freedesktop/systemd1"
MANAGER = "org.freedesktop.systemd1.Manager"
NO_SUCH_UNIT = "org.freedesktop.systemd1.NoSuchUnit"
TIMEOUT = 5.0  # a manager that is well answers in milliseconds, and systemctl is there to ask

_CALL, _RETURN, _ERROR = 1, 2, 3
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _DESTINATION, _SIGNATURE = 1, 2, 3, 4, 6, 8
_FIXED = 16  # bytes before a message's header fields
_LONGEST = 1 << 20


class BusError(Exception):
    """Systemd refused a call, or said something that is no D-Bus."""


class Refusal:
    """An error reply: its name and its text."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text


def call(
    serial: int, member: str, *arguments: str, target: tuple[str, str, str] = ("", OBJECT, MANAGER)
) -> bytes:
    """A call of MEMBER with text ARGUMENTS; TARGET is bus name (none here), object, interface."""
    destination, path, interface = target
    body = b""
    for argument in arguments:
        body = _padded(body, 4) + _string(argument)
    fields = _field(b"", _PATH, "o", path)
    fields = _field(fields, _INTERFACE, "s", interface)
    fields = _field(fields, _MEMBER, "s", member)
    if destination:
        fields = _field(fields, _DESTINATION, "s", destination)
    if arguments:
        signature = "s" * len(arguments)
        fields = _padded(fields, 8) + bytes((_SIGNATURE, 1)) + b"g\0" + _signature(signature)
    start = bytes((ord("l"), _CALL, 0, 1)) + _number(len(body)) + _number(serial)
    return _padded(start + _number(len(fields)) + fields, 8) + body


def ask(path: str, calls: list[bytes]) -> list[Refusal | None]:
    """Send CALLS to the socket at PATH -> for each, in order, None or why it was refused.

    Between the login and the calls the other side must have spoken last. Calls that travel in one
    piece with BEGIN end up in the buffer in which systemd collects the login: it then waits for
    its socket to become readable, which it does not, and nobody gets an answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(TIMEOUT)
        channel.connect(path)
        reader = _Reader(channel)
        _log_in(channel, reader, path)
        channel.sendall(b"".join(calls))
        return [reader.reply() for _ in calls]


def _log_in(channel: socket.socket, reader: _Reader, path: str) -> None:
    user = str(os.getuid()).encode().hex()
    lines = f"AUTH EXTERNAL {user}", "NEGOTIATE_UNIX_FD", "BEGIN"
    channel.sendall(b"\0" + b"".join(f"{line}\r\n".encode() for line in lines))
    for wanted in (b"OK ", b"AGREE_UNIX_FD"):
        answer = reader.line()
        if not answer.startswith(wanted):
            raise BusError(f"cannot speak to {path}: {answer.decode('ascii', 'replace').strip()}")


class _Reader:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._bytes = b""

    def line(self) -> bytes:
        while b"\r\n" not in self._bytes:
            self._fill()
        line, _, self._bytes = self._bytes.partition(b"\r\n")
        return line

    def reply(self) -> Refusal | None:
        """The next reply; signals in between are nobody's business here."""
        while True:
            start = self._take(_FIXED)
            if start[0] != ord("l"):
                raise BusError("cannot read systemd's answer: it is not little-endian")
            length, fields = _at(start, 4), _at(start, 12)
            if length > _LONGEST or fields > _LONGEST:
                raise BusError("cannot read systemd's answer: it is too long")
            header = self._take(fields + -fields % 8)[:fields]
            body = self._take(length)
            if start[1] == _RETURN:
                return None
            if start[1] == _ERROR:
                return Refusal(_error_name(header), _first_text(body))

    def _take(self, count: int) -> bytes:
        while len(self._bytes) < count:
            self._fill()
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def _fill(self) -> None:
        piece = self._channel.recv(65536)
        if not piece:
            raise ConnectionResetError("systemd closed the connection")
        self._bytes += piece


def _error_name(header: bytes) -> str:
    """The name of the error among a reply's header fields; they are all texts or numbers."""
    at = 0
    while at + 4 < len(header):
        at += -at % 8
        code, kind = header[at], header[at + 2 : at + 3]
        at += 4
        if kind == b"g":
            at += header[at] + 2
            continue
        at += -at % 4
        if kind == b"u":
            at += 4
            continue
        length = _at(header, at)
        if code == _ERROR_NAME:
            return header[at + 4 : at + 4 + length].decode("utf-8", "replace")
        at += length + 5
    return ""


def _first_text(body: bytes) -> str:
    if len(body) < 5:
        return "no reason given"
    return body[4 : 4 + _at(body, 0)].decode("utf-8", "replace")


def _at(raw: bytes, place: int) -> int:
    return int.from_bytes(raw[place : place + 4], "little")


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _string(text: str) -> bytes:
    raw = text.encode()
    return _number(len(raw)) + raw + b"\0"


def _signature(text: str) -> bytes:
    return bytes((len(text),)) + text.encode() + b"\0"


def _padded(raw: bytes, to: int) -> bytes:
    return raw + bytes(-len(raw) % to)


def _field(before: bytes, code: int, kind: str, text: str) -> bytes:
    return _padded(before, 8) + bytes((code, 1)) + kind.encode() + b"\0" + _string(text)
