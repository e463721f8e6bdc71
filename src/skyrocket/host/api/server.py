"""HTTP/1.1 over a Unix socket: one thread a connection, h11 for the protocol.

It knows messages and limits of time, not what routes mean. How many may be connected is `crowd`'s.
"""

from __future__ import annotations

import threading
from time import monotonic, sleep
from typing import TYPE_CHECKING

import h11

from skyrocket.host.api import routes
from skyrocket.host.api.crowd import LARGE_BODY, Crowd, NoRoomError
from skyrocket.host.api.errors import ApiError
from skyrocket.host.api.gate import whose
from skyrocket.host.api.message import Answer, Request, failure
from skyrocket.host.system import journal

if TYPE_CHECKING:
    import socket

    from skyrocket.host.api.crowd import Member
    from skyrocket.host.api.state import State

LARGEST_BODY = 2 * 1024 * 1024
LARGEST_HEAD = 64 * 1024
PAUSE = 0.001
"""Seconds between requests that clients sent ahead, lest they take the whole processor."""
_PIECE = 65536


class Patience:
    """Seconds that a client may take: until a request begins, for all of it, to take the answer."""

    __slots__ = ("answer", "idle", "request")

    def __init__(self, idle: float = 60.0, request: float = 30.0, answer: float = 30.0) -> None:
        self.idle = idle
        self.request = request
        self.answer = answer


def serve(
    listener: socket.socket,
    state: State,
    crowd: Crowd | None = None,
    patience: Patience | None = None,
) -> None:
    """Answer connections to LISTENER for ever."""
    crowd, patience = crowd or Crowd(), patience or Patience()
    threading.stack_size(512 * 1024)
    while True:
        client = state.gate.accept(listener)
        member = crowd.enter(client)
        connection = Connection(client, state, crowd, member, patience)
        threading.Thread(target=_attend, args=(connection,), daemon=True).start()


def _attend(connection: Connection) -> None:
    try:
        connection.run()
    except OSError:
        pass  # the client has gone, took too long, or had to make room
    except Exception as error:  # noqa: BLE001  (a connection must not take the API with it)
        journal.error(f"connection: {error!r}")
    finally:
        connection.close()


class _TooLargeError(Exception):
    """A request's body is over the limit."""


class Connection:
    """One client's connection, request after request."""

    __slots__ = ("_client", "_crowd", "_http", "_member", "_patience", "_raw", "_state", "_until")

    def __init__(
        self,
        client: socket.socket,
        state: State,
        crowd: Crowd,
        member: Member,
        patience: Patience,
    ) -> None:
        self._client = client
        self._state = state
        self._crowd = crowd
        self._member = member
        self._patience = patience
        self._until = monotonic() + patience.idle
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        self._raw = bytearray()

    def run(self) -> None:
        while self._one():
            self._http.start_next_cycle()
            self._raw = bytearray(self._http.trailing_data[0])
            wait = self._patience.request if self._raw else self._patience.idle
            self._until = monotonic() + wait
            if self._raw:  # sent before the answer to the last one: all of these take turns
                with self._crowd.one_ahead:
                    sleep(PAUSE)

    def close(self) -> None:
        self._client.close()
        self._crowd.leave(self._member)

    def _one(self) -> bool:
        """Answer one request; False when there is no next one on this connection."""
        try:
            head = self._event()
            if not isinstance(head, h11.Request):
                return False
            target = head.target.decode("ascii", "replace")
            if head.method == b"GET" and _path(target) == routes.EXEC:
                self._hand_over()
                return False
            reply = self._reply(head, target)
        except h11.RemoteProtocolError as error:
            reply = Answer(error.error_status_hint, str(error).encode())
        except _TooLargeError:
            limit = f"JSON payload is larger than allowed (limit: {LARGEST_BODY} bytes)."
            reply = Answer(413, limit.encode())
        except NoRoomError:
            reply = Answer(503, b"Too many large requests at once, try again")
        self._send(reply)
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _reply(self, head: h11.Request, target: str) -> Answer:
        headers = dict(head.headers)
        body = self._body(int(headers.get(b"content-length", b"0")))
        kind = headers.get(b"content-type", b"").decode("latin-1")
        try:
            request = Request(head.method.decode("ascii"), target, body, kind)
            request.peer = whose(self._client)
        except ApiError as error:
            return failure(error)
        self._member.busy()
        if len(body) <= LARGE_BODY:
            return routes.answer(self._state, request)
        with self._crowd.one_large:
            return routes.answer(self._state, request)

    def _body(self, announced: int) -> bytes:
        if announced > LARGEST_BODY:
            raise _TooLargeError
        if self._http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            self._client.sendall(self._http.send(go_on) or b"")
        body = bytearray()
        while isinstance(event := self._event(), h11.Data):
            body += event.data
            if len(body) > LARGEST_BODY:
                raise _TooLargeError
            self._crowd.hold(self._member, len(body))
        return bytes(body)

    def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._client.settimeout(max(0.001, self._until - monotonic()))
            piece = self._client.recv(_PIECE)
            if piece and not self._raw:
                self._until = monotonic() + self._patience.request
            if len(self._raw) < LARGEST_HEAD:
                self._raw += piece
            self._http.receive_data(piece)
        return event

    def _hand_over(self) -> None:
        """Give the connection to the exec service; from then on it is not ours to answer."""
        self._client.settimeout(None)
        self._member.busy()
        try:
            self._state.gate.exec(self._state, self._client, bytes(self._raw))
        except ApiError as error:
            self._send(failure(error))

    def _send(self, reply: Answer) -> None:
        self._crowd.hold(self._member, 0)
        self._member.idle()
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        self._client.settimeout(self._patience.answer)
        headers = [("content-length", str(len(reply.body)))] if reply.status != 204 else []
        if reply.body:
            headers.append(("content-type", reply.content_type))
        if self._http.their_state is not h11.DONE:
            headers.append(("connection", "close"))
        parts = [
            h11.Response(status_code=reply.status, headers=headers),
            h11.Data(data=reply.body),
            h11.EndOfMessage(),
        ]
        self._client.sendall(b"".join(self._http.send(part) or b"" for part in parts))


def _path(target: str) -> str:
    try:
        return Request("GET", target).path
    except ApiError:
        return ""
