"""One exec connection from handshake to close: a WebSocket on one side, a command on the other.

A single loop over descriptors; it decides nothing that `exec_protocol` can decide.
"""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

import wsproto
from wsproto import events
from wsproto.connection import ConnectionState
from wsproto.utilities import RemoteProtocolError

from skyrocket.host.containers.errors import ContainerError
from skyrocket.host.containers.exec_model import Initialize, Size
from skyrocket.host.containers.exec_protocol import (
    ERROR,
    LARGEST_MESSAGE,
    SIZE,
    UNSUPPORTED,
    End,
    Protocol,
    Violation,
)
from skyrocket.host.system import journal

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from skyrocket.host.containers.exec_child import Child

PING_EVERY = 2.0
SILENCE = 10.0
FAREWELL = 2.0
"""Seconds a client may take to answer our close."""
CHUNK = 16384
END_OF_HEAD = b"\r\n\r\n"
ENOUGH = 1 << 18
"""Bytes waiting for the client at which the command's output is left where it is."""
LARGEST_INPUT = 8 << 20
"""Bytes waiting for the command: twice what 1,024 messages of 4 KiB are, which clients send."""
LONGEST_REASON = 123  # bytes, by RFC 6455


class Session:
    """Serves CLIENT, whose first bytes are BEGUN, with a command started by SPAWN."""

    def __init__(
        self,
        client: socket.socket,
        begun: bytes,
        spawn: Callable[[Initialize], Child],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._begun, self._spawn, self._clock = client, begun, spawn, clock
        self._ws = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self._protocol = Protocol()
        self._child: Child | None = None
        self._out = bytearray()
        # What a client that does not read is owed is kept once, however often it asks.
        self._pong: events.Pong | None = None
        self._tells = False
        self._in: deque[memoryview] = deque()
        self._part: list[bytes | str] = []
        self._input_ended = self._done = False
        self._leave_at = 0.0
        self._heard = self._pinged = clock()

    def run(self) -> None:
        """Serve until the connection is over; whatever happens, no command stays behind."""
        self._client.setblocking(False)  # noqa: FBT003  (it has no names)
        try:
            self._receive(self._begun)
            while not self._over():
                self._turn()
        except OSError as error:
            journal.info(f"exec: the client is gone: {error.strerror or error}")
        finally:
            if self._child is not None:
                self._child.stop()
            self._client.close()

    def _over(self) -> bool:
        return self._done and not self._out and self._clock() >= self._leave_at

    def _turn(self) -> None:
        """Wait for something and deal with it."""
        with selectors.DefaultSelector() as ready:
            self._watch(ready)
            names = {key.data for key, _ in ready.select(self._patience())}
        if "to client" in names or self._out:
            self._flush()
        if "client" in names:
            self._read_client()
        if "output" in names:
            self._read_output()
        if "input" in names:
            self._feed()
        if "ended" in names:
            self._finish()
        self._heartbeat()

    def _watch(self, ready: selectors.BaseSelector) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
        ready.register(self._client, wanted, "client")
        child = self._child
        if child is None or self._done:
            return
        if len(self._out) < ENOUGH:
            if child.output >= 0:
                ready.register(child.output, selectors.EVENT_READ, "output")
            ready.register(child.ended, selectors.EVENT_READ, "ended")
        if child.input >= 0 and self._in:
            ready.register(child.input, selectors.EVENT_WRITE, "input")

    def _patience(self) -> float:
        now = self._clock()
        leaves = self._done and not self._out
        until = self._leave_at if leaves else self._pinged + PING_EVERY
        return max(0.0, until - now)

    def _read_client(self) -> None:
        with suppress(BlockingIOError):
            data = self._client.recv(CHUNK)
            if not data:
                raise ConnectionResetError(0, "it closed the connection")
            self._receive(data)

    def _receive(self, data: bytes) -> None:
        """Take bytes of the client; a broken rule ends the connection with its reason."""
        if self._ws.state is ConnectionState.CONNECTING:
            # Frames right behind the request would be lost: wsproto reads them as a part of it.
            head, end, data = data.partition(END_OF_HEAD)
            self._take(head + end)
        if data and self._ws.state is not ConnectionState.CONNECTING:
            self._take(data)

    def _take(self, data: bytes) -> None:
        try:
            self._ws.receive_data(data)
            for event in self._ws.events():
                self._event(event)
        except Violation as broken:
            self._close(broken.code, broken.reason)
        except RemoteProtocolError as error:
            self._refuse(error)

    def _event(self, event: events.Event) -> None:
        self._heard = self._clock()
        match event:
            case events.Request():
                self._send(events.AcceptConnection())
                self._send(events.TextMessage(data=self._protocol.capacity()))
            case events.Ping():
                self._pong = event.response()  # of several, the last may stand for all (RFC 6455)
                self._catch_up()
            case events.CloseConnection():
                self._send(event.response())
                self._done, self._leave_at = True, 0.0
            case events.TextMessage() | events.BytesMessage() if not self._done:
                self._message(event)
            case _:
                pass

    def _message(self, event: events.TextMessage | events.BytesMessage) -> None:
        data = event.data
        self._part.append(data if isinstance(data, str) else bytes(data))
        if sum(map(len, self._part)) > LARGEST_MESSAGE:
            raise Violation(SIZE, "message larger than 64 KiB")
        if not event.frame_finished:
            return
        if not event.message_finished:
            raise Violation(UNSUPPORTED, "Continuation messages not supported")
        parts, self._part = self._part, []
        if isinstance(event, events.TextMessage):
            self._asked("".join(str(part) for part in parts))
        elif self._protocol.data():
            whole = b"".join(part for part in parts if not isinstance(part, str))
            if sum(map(len, self._in)) + len(whole) > LARGEST_INPUT:
                raise Violation(SIZE, "write buffer full; obey capacity updates")
            self._in.append(memoryview(whole))
            self._feed()

    def _asked(self, text: str) -> None:
        match self._protocol.text(text):
            case Initialize() as asked:
                self._start(asked)
            case Size() as size:
                if self._child is not None:
                    self._child.resize(size)
            case End():
                self._input_ended = True
                self._feed()

    def _start(self, asked: Initialize) -> None:
        try:
            self._child = self._spawn(asked)
        except ContainerError as error:
            text = f"{error}\r\n" if asked.tty else f"{error}\n"
            self._send(events.BytesMessage(data=text.encode()))
            self._close(1000, "1")
        except OSError as error:
            raise Violation(ERROR, f"failed to spawn process: {error.strerror}") from error

    def _feed(self) -> None:
        """Give the command what it takes of the waiting messages."""
        child = self._child
        if child is None:
            return
        while self._in and child.input >= 0:
            try:
                taken = os.write(child.input, self._in[0])
            except BlockingIOError:
                return
            except OSError:  # the command reads no more; what it still says counts
                child.close_input()
                break
            self._in[0] = self._in[0][taken:]
            if not self._in[0]:
                self._in.popleft()
                self._tells |= self._protocol.written()
                self._catch_up()
        if child.input < 0:
            self._drop_input()
        elif self._input_ended:
            child.close_input()

    def _drop_input(self) -> None:
        while self._in:
            self._in.popleft()
            self._tells |= self._protocol.written()
        self._catch_up()

    def _read_output(self) -> bool:
        """Pass on some output; says whether there may be more."""
        child = self._child
        if child is None or child.output < 0:
            return False
        try:
            data = os.read(child.output, CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # a terminal whose other side is closed
            data = b""
        if data:
            self._send(events.BytesMessage(data=data))
            return True
        os.close(child.output)
        child.output = -1
        return False

    def _finish(self) -> None:
        """The command has ended: pass on the rest of its output, then its status.

        What a process it left in the background says later is not waited for.
        """
        while len(self._out) < ENOUGH:
            if not self._read_output():
                if self._child is not None:
                    self._close(1000, str(self._child.status()))
                return

    def _close(self, code: int, reason: str) -> None:
        if self._done:
            return
        short = reason.encode()[:LONGEST_REASON].decode("utf-8", "ignore")
        with suppress(wsproto.utilities.LocalProtocolError):
            self._send(events.CloseConnection(code=code, reason=short))
        self._done, self._leave_at = True, self._clock() + FAREWELL
        if self._child is not None:
            child, self._child = self._child, None
            child.stop()

    def _refuse(self, error: RemoteProtocolError) -> None:
        """Answer a request that is no WebSocket handshake, or frames that are none."""
        if self._ws.state is ConnectionState.CONNECTING:
            body = f"{error}\n".encode()
            head = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(body)}\r\n"
            self._out += head.encode() + b"Connection: close\r\n\r\n" + body
        elif isinstance(error.event_hint, events.CloseConnection):
            self._close(error.event_hint.code, error.event_hint.reason or "")
        self._done, self._leave_at = True, 0.0

    def _heartbeat(self) -> None:
        now = self._clock()
        if now - self._heard > SILENCE:
            raise TimeoutError(0, f"nothing from it for {SILENCE:.0f} s")
        if now - self._pinged >= PING_EVERY:
            self._pinged = now
            if self._ws.state is ConnectionState.OPEN and len(self._out) < ENOUGH:
                self._send(events.Ping())

    def _send(self, event: events.Event) -> None:
        if self._done:
            return  # after a close nothing may follow, not even the answer to a ping
        self._out += self._ws.send(event)
        self._flush()

    def _flush(self) -> None:
        with suppress(BlockingIOError):
            while self._out:
                del self._out[: self._client.send(self._out)]
        self._catch_up()

    def _catch_up(self) -> None:
        """Say what the client is owed once it has taken all that was said before."""
        if self._out:
            return
        pong, self._pong = self._pong, None
        if pong is not None:
            self._send(pong)
        if self._tells:
            self._tells = False
            self._send(events.TextMessage(data=self._protocol.capacity()))
