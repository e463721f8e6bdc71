"""Exec clients that ask without reading, or send without end: what they cost is bounded."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
from host.containers.exec_server import ExecServer
from host.containers.test_exec import initialize, masked

from skyrocket.host.containers.exec_child import Child
from skyrocket.host.containers.exec_session import ENOUGH, LARGEST_INPUT, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HANDSHAKE = (
    b"GET /exec HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


def ping(payload: bytes) -> bytes:
    return masked(9, payload)


class Watched(Session):
    """A session whose unread answers and turns are counted."""

    most = turns = 0

    def _turn(self) -> None:
        super()._turn()
        self.turns += 1
        self.most = max(self.most, len(self._out))


class Slow(Watched):
    """As it would be if every ping were answered at once, read or not."""

    def _catch_up(self) -> None:
        pong, self._pong = self._pong, None
        if pong is not None:
            self._send(pong)


@contextlib.contextmanager
def deaf(kind: type[Watched], tmp_path: Path, *command: str) -> Iterator[tuple[Any, Watched]]:
    """A client that has started COMMAND and reads nothing, and its session of KIND."""
    ours, theirs = socket.socketpair()
    server = ExecServer(tmp_path)
    session = kind(theirs, HANDSHAKE, lambda asked: Child(asked, server.root, server.runc))
    thread = threading.Thread(target=session.run)
    thread.start()
    try:
        with ours:
            ours.settimeout(20)
            ours.sendall(long_frame(1, initialize(*command).encode()))
            yield ours, session
    finally:
        thread.join(20)
        assert not thread.is_alive()
        with server:
            pass


def long_frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


@pytest.mark.parametrize(("kind", "bounded"), [(Watched, True), (Slow, False)])
def test_a_client_that_pings_and_never_reads_costs_no_memory(
    tmp_path: Path, kind: type[Watched], bounded: bool
) -> None:
    """Of the answers to its pings one is kept; with all of them the control grows by megabytes."""
    with deaf(kind, tmp_path, "cat") as (client, session):
        for _ in range(40):
            client.sendall(ping(b"x" * 125) * 500)
    assert (session.most < ENOUGH) is bounded


def test_a_client_that_reads_on_gets_the_answer_to_its_last_ping(tmp_path: Path) -> None:
    """What was kept is said once there is room for it."""
    with deaf(Watched, tmp_path, "cat") as (client, _):
        for number in range(20_000):
            client.sendall(ping(b"%d" % number))
        seen = b""
        while b"\x8a\x0519999" not in seen:
            seen = seen[-100:] + client.recv(65536)


def test_a_session_that_cannot_say_its_end_waits_without_work_and_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that is owed output, breaks a rule and falls silent is dropped, not spun for."""
    monkeypatch.setattr("skyrocket.host.containers.exec_session.SILENCE", 1.0)
    monkeypatch.setattr("skyrocket.host.containers.exec_session.PING_EVERY", 0.2)
    with deaf(Watched, tmp_path, "head", "-c", "5000000", "/dev/zero") as (client, session):
        assert eventually(lambda: len(session._out) >= ENOUGH)
        client.sendall(masked(1, b'"bogus"'))
        assert eventually(lambda: session._done)
        before = session.turns
        assert eventually(lambda: client.fileno() >= 0 and is_closed(session))
        assert session.turns - before < 60


def is_closed(session: Session) -> bool:
    return session._client.fileno() < 0


def eventually(condition: Callable[[], bool]) -> bool:
    end = threading.Event()
    return any(condition() or end.wait(0.02) for _ in range(1000))


def test_waiting_input_is_bounded_in_bytes(tmp_path: Path) -> None:
    """Large messages that the command does not take end the connection before memory does."""
    with deaf(Watched, tmp_path, "sleep", "30") as (client, session):
        message = long_frame(2, bytes(60_000))
        with contextlib.suppress(OSError):
            for _ in range(1000):
                client.sendall(message)
        assert eventually(lambda: session._done)
        assert sum(map(len, session._in)) <= LARGEST_INPUT
        received = b""
        with contextlib.suppress(ConnectionResetError):  # what was not taken is thrown away
            while data := client.recv(65536):
                received += data
    assert b"\x03\xf1write buffer full; obey capacity updates" in received
