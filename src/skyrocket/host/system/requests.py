"""Serve a socket-activated verb: one JSON line in, one JSON line out, then the next, then end.

systemd keeps the socket and starts the verb anew for a later request, so nothing stays in memory
while nobody asks. It does not know what the lines mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.system import journal, systemd

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

IDLE_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
LONGEST = 1024 * 1024


def serve(answer: Callable[[bytes], bytes], idle: float = IDLE_SECONDS) -> int:
    """Answer requests on systemd's socket until none has come for IDLE seconds -> exit status."""
    listener = systemd.listener()
    if listener is None:
        journal.error("cannot serve requests: started without a socket")
        return 1
    with listener:
        drain(listener, answer, idle)
    return 0


def drain(listener: socket.socket, answer: Callable[[bytes], bytes], idle: float) -> None:
    """Answer what comes to LISTENER, one after the other."""
    listener.settimeout(idle)
    while True:
        try:
            client, _ = listener.accept()
        except TimeoutError:
            return
        with client:
            _attend(client, answer)


def _attend(client: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    client.settimeout(PATIENCE_SECONDS)
    try:
        line = _line(client)
    except OSError as error:
        journal.warning(f"a request did not arrive: {error}")
        return
    reply = answer(line)
    try:
        client.sendall(reply + b"\n")
    except OSError:
        return  # who asked does not wait for the outcome


def _line(client: socket.socket) -> bytes:
    raw = bytearray()
    while not raw.endswith(b"\n") and len(raw) < LONGEST:
        part = client.recv(65536)
        if not part:
            break
        raw += part
    return bytes(raw)
