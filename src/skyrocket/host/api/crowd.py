"""Who may be connected at once, and who must go when one too many comes.

There is room for a number of connections and for a number of bytes of large bodies. When it is
used up, the client process that has most of it loses: its oldest connection that waits for the
client, not for us. So one client that opens thousands, or sends a byte a minute, costs itself and
not the others. What is being answered is never cut; a process that has one connection alone gets a
moment to say what it wants.

It knows connections and processes; nothing of HTTP. Rights are not its business.
"""

from __future__ import annotations

import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CONNECTIONS = 64
LARGE_BODY = 64 * 1024
LARGE_BODIES = 8 * 1024 * 1024
"""Bytes of bodies over LARGE_BODY, all clients together."""
MOMENT = 1.0
"""Seconds that the only connection of a process may wait before it can lose its place."""


class Member:
    """One connection: whose it is, and since when it waits for its client (0: it does not)."""

    __slots__ = ("client", "held", "peer", "waits")

    def __init__(self, client: socket.socket, peer: int) -> None:
        self.client = client
        self.peer = peer
        self.held = 0
        self.waits = monotonic()

    def busy(self) -> None:
        """From now on the client waits for us."""
        self.waits = 0.0

    def idle(self) -> None:
        """From now on we wait for the client."""
        self.waits = monotonic()

    def dismiss(self) -> None:
        """End it from outside of its thread, which then notices."""
        try:
            self.client.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has gone by itself


class NoRoomError(Exception):
    """A body for which there is no room now."""


class Crowd:
    """Every connection there is."""

    __slots__ = ("_changed", "_members", "_moment", "_most", "_room", "one_ahead", "one_large")

    def __init__(
        self, most: int = CONNECTIONS, room: int = LARGE_BODIES, moment: float = MOMENT
    ) -> None:
        self._most = most
        self._moment = moment
        self._room = room
        self.one_ahead = threading.Lock()
        self.one_large = threading.Lock()  # a parsed body takes many times its size
        self._members: set[Member] = set()
        self._changed = threading.Condition()

    def enter(self, client: socket.socket) -> Member:
        """Let CLIENT in, once there is room; whoever has most connections makes it."""
        member = Member(client, peer(client))
        with self._changed:
            while len(self._members) >= self._most:
                self._changed.wait(self._make_room())
            self._members.add(member)
        return member

    def _make_room(self) -> float:
        """Have somebody leave, if it is time for that -> seconds after which to look again."""
        loser = greediest(self._members, connections)
        if loser is None:
            return 1.0
        alone = sum(each.peer == loser.peer for each in self._members) == 1
        left = loser.waits + self._moment - monotonic()
        if alone and left > 0:
            return left
        loser.busy()  # so that the next one to enter does not choose it again
        loser.dismiss()
        return 1.0

    def leave(self, member: Member) -> None:
        with self._changed:
            self._members.discard(member)
            self._changed.notify()

    def hold(self, member: Member, size: int) -> None:
        """MEMBER has SIZE bytes of a body; raise NoRoomError when it must let go of them."""
        size = 0 if size <= LARGE_BODY else size
        if size <= member.held:
            member.held = size
            return
        with self._changed:
            others = sum(each.held for each in self._members if each is not member)
            member.held = size
            if others + size <= self._room:
                return
            loser = greediest(self._members, bytes_held)
            if loser is None or loser.peer == member.peer:
                member.held = 0
                raise NoRoomError
            loser.held = 0
            loser.busy()
            loser.dismiss()


def connections(_member: Member) -> int:
    return 1


def bytes_held(member: Member) -> int:
    return member.held


def greediest(members: Iterable[Member], measure: Callable[[Member], int]) -> Member | None:
    """Of the peer with most by MEASURE, the connection that waits longest; None: nobody waits."""
    waiting: dict[int, list[Member]] = {}
    for member in members:
        if member.waits and measure(member):
            waiting.setdefault(member.peer, []).append(member)
    if not waiting:
        return None
    most = max(waiting.values(), key=lambda own: (sum(map(measure, own)), -_since(own)))
    return min(most, key=lambda member: member.waits)


def _since(own: list[Member]) -> float:
    return min(member.waits for member in own)


def peer(client: socket.socket) -> int:
    """The process at the other end, as the kernel noted it; 0 when it is no local socket."""
    if client.family != socket.AF_UNIX:
        return 0
    raw = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(raw[:4], "little")
