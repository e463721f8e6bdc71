"""One line in the journal for what a client changed, started, or was refused: names, no values.

What the kernel says comes first, what the client wrote last and escaped, so that no client can
write a line, or a beginning of one, that looks like another's.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from skyrocket.host.system import journal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skyrocket.host.api.peers import Peer

MOST_KEYS = 64
LONGEST_WORD = 255
QUIET_SECONDS = 1.0


def line(peer: Peer, request: str, status: int, tx: str = "", keys: Sequence[str] = ()) -> str:
    """The line for PEER's REQUEST (method and path of a known route) that ended with STATUS."""
    words = [
        f"audit: {_shown(peer.client)} pid={peer.pid} uid={peer.uid} gid={peer.gid}",
        f"{request} {status}",
    ]
    if tx:
        words.append(f"tx={_shown(tx)}")
    if keys:
        words.append("keys=" + ",".join(_shown(key) for key in keys[:MOST_KEYS]))
    if len(keys) > MOST_KEYS:
        words.append(f"and {len(keys) - MOST_KEYS} more")
    return " ".join(words)


class Refusals:
    """Lines for refusals, for each client one a second: a flood must not push others out."""

    __slots__ = ("_clock", "_said")

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._said: dict[str, float] = {}

    def say(self, peer: Peer, request: str, status: int) -> None:
        now = self._clock()
        if now - self._said.get(peer.client, -QUIET_SECONDS) < QUIET_SECONDS:
            return
        if len(self._said) > MOST_KEYS:
            self._said.clear()
        self._said[peer.client] = now
        journal.warning(line(peer, request, status))


def _shown(text: str) -> str:
    """TEXT on one line, in ASCII, not endless."""
    safe = "".join(c if " " <= c <= "~" else f"\\u{ord(c):04x}" for c in text[:LONGEST_WORD])
    return safe + "..." * (len(text) > LONGEST_WORD)
