"""What every connection and every request passes: whose it is, how many, allowed, written down.

It knows clients and rights; neither HTTP nor what routes do.
"""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from typing import TYPE_CHECKING

from skyrocket.host.api import peers, policy
from skyrocket.host.api.errors import ApiError, BusyError, ForbiddenError
from skyrocket.host.system import journal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skyrocket.host.api.audit import Refusals
    from skyrocket.host.api.message import Answer, Request
    from skyrocket.host.api.peers import Peer
    from skyrocket.host.api.policy import Policy
    from skyrocket.host.api.state import State

_TOO_MANY = b"Too many connections of this client at once, try again"
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n%s"
) % (len(_TOO_MANY), _TOO_MANY)
EXEC = "/exec"
_LINGERING = 16


class Limit:
    """At most MOST of something for each client at a time."""

    __slots__ = ("_held", "_lock", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """One more for CLIENT; False when it has as many as it may."""
        with self._lock:
            held = self._held.get(client, 0)
            if held >= self._most:
                return False
            self._held[client] = held + 1
            return True

    def give(self, client: str) -> None:
        """One less for CLIENT."""
        with self._lock:
            left = self._held[client] - 1
            if left:
                self._held[client] = left
            else:
                del self._held[client]


class Commands:
    """The commands that run for each client: a door to each of them is at its end when it ended.

    Commands that were begun before the API was started anew are not among them.
    """

    __slots__ = ("_begin", "_lock", "_most", "_run")

    def __init__(self, most: int) -> None:
        self._most = most
        self._begin: dict[str, int] = {}
        self._run: dict[str, list[socket.socket]] = {}
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """One more for CLIENT is about to begin; False when it has as many as it may."""
        with self._lock:
            self._forget()
            begin = self._begin.get(client, 0)
            if begin + len(self._run.get(client, ())) >= self._most:
                return False
            self._begin[client] = begin + 1
            return True

    def began(self, client: str, door: socket.socket | None) -> None:
        """What was about to begin has a DOOR now; without one it did not begin."""
        with self._lock:
            self._begin[client] -= 1
            if door is not None:
                self._run.setdefault(client, []).append(door)

    def _forget(self) -> None:
        """Close the doors to commands of all clients that have ended."""
        poll, doors = select.poll(), {}
        for door in (each for own in self._run.values() for each in own):
            poll.register(door, select.POLLIN)
            doors[door.fileno()] = door
        ended = {doors[number] for number, _ in poll.poll(0)}
        for door in ended:
            door.close()
        left = {who: [d for d in own if d not in ended] for who, own in self._run.items()}
        self._run = {who: own for who, own in left.items() if own}
        self._begin = {who: count for who, count in self._begin.items() if count}


class Guest(socket.socket):
    """A connection that knows whose it is, and gives its place back when it is closed."""

    __slots__ = ("_place", "peer")

    def __init__(self, client: socket.socket, peer: Peer, place: Limit) -> None:
        super().__init__(fileno=client.detach())
        self.peer = peer
        self._place: Limit | None = place

    def close(self) -> None:
        place, self._place = self._place, None
        super().close()
        if place is not None:
            place.give(self.peer.client)


class Gate:
    """The policy, and how much of the API each client has now."""

    __slots__ = ("_commands", "_connections", "_find", "_policy", "_refusals", "_requests", "_say",
                 "_turned")  # fmt: skip

    def __init__(
        self,
        its_policy: Policy,
        find: Callable[[socket.socket], Peer] = peers.of,
        say: Callable[[str], None] = journal.notice,
    ) -> None:
        self._policy = its_policy
        self._find = find
        self._say = say
        self._connections = Limit(its_policy.connections)
        self._requests = Limit(its_policy.requests)
        self._commands = Commands(its_policy.commands)
        self._refusals: Refusals | None = None
        # Closed only when others follow: a client may still be writing its request, and whoever
        # writes to a closed socket does not get to read the answer.
        self._turned: deque[socket.socket] = deque()

    def accept(self, listener: socket.socket) -> Guest:
        """The next connection of a client that has not too many; others are told 503."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                while self._turned:
                    self._turned.popleft().close()
                raise
            try:
                peer = self._find(client)
            except OSError as error:
                journal.warning(f"connection: cannot tell whose it is: {error}")
                client.close()
                continue
            if self._connections.take(peer.client):
                return Guest(client, peer, self._connections)
            self._turn_away(client, peer)

    def _turn_away(self, client: socket.socket, peer: Peer) -> None:
        self._refused(peer, "connection", 503)
        self._turned.append(client)
        if len(self._turned) > _LINGERING:
            self._turned.popleft().close()
        try:
            client.send(FULL, socket.MSG_DONTWAIT)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            return  # it has gone by itself

    def ask(
        self, state: State, request: Request, handler: Callable[[State, Request], Answer]
    ) -> Answer:
        """HANDLER's answer to REQUEST, if its peer may have one now; ApiError otherwise."""
        peer, asked = request.peer, f"{request.method} {request.path}"
        needed = self._check(peer, state, request.method, request.path)
        if not self._requests.take(peer.client):
            self._refused(peer, asked, BusyError.status)
            raise BusyError("Too many requests of this client at once, try again")
        status = 500
        try:
            reply = handler(state, request)
            status = reply.status
        except ApiError as error:
            status = error.status
            raise
        finally:
            self._requests.give(peer.client)
            if needed != policy.READ:
                tx = request.query.get("tx", "")
                self._changed(peer, asked, status, tx, request.keys)
        return reply

    def exec(self, state: State, client: socket.socket, raw: bytes) -> None:
        """Have CLIENT's command run, if it may; from then on the connection is not ours."""
        peer = whose(client)
        self._check(peer, state, "GET", EXEC)
        if not self._commands.take(peer.client):
            self._refused(peer, f"GET {EXEC}", BusyError.status)
            raise BusyError("Too many commands of this client at once, try again")
        door, status = None, 500
        try:
            door = state.doors.exec(client, raw)
            status = 101
        finally:
            self._commands.began(peer.client, door)
            self._changed(peer, f"GET {EXEC}", status)

    def _changed(
        self, peer: Peer, asked: str, status: int, tx: str = "", keys: Sequence[str] = ()
    ) -> None:
        from skyrocket.host.api import audit

        self._say(audit.line(peer, asked, status, tx, keys))

    def _refused(self, peer: Peer, asked: str, status: int) -> None:
        from skyrocket.host.api.audit import Refusals

        if self._refusals is None:
            self._refusals = Refusals()
        self._refusals.say(peer, asked, status)

    def _check(self, peer: Peer, state: State, method: str, path: str) -> str:
        """The right this needs, which PEER has; ForbiddenError when it has not."""
        refusal = policy.refusal(self._policy, peer, state.live, method, path)
        if refusal:
            self._refused(peer, f"{method} {path}", ForbiddenError.status)
            raise ForbiddenError(refusal)
        return policy.right(self._policy, method, path)


def whose(client: socket.socket) -> Peer:
    """Who a connection that came through a gate belongs to; nobody when it did not."""
    return client.peer if isinstance(client, Guest) else peers.NOBODY
