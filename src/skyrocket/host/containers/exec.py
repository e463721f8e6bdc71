"""The verb `exec`: run a command in a container for one client of the API.

The API has no right to do it. It hands the client's connection over: one message on our standard
input with the descriptor and everything it read from the client so far.
"""

from __future__ import annotations

import array
import os
import socket

from skyrocket.host.system import journal

LARGEST_BEGINNING = 1 << 20
PATIENCE = 10.0  # seconds for the API to hand over what it has


def main(argv: list[str]) -> int:
    if argv:
        journal.error("usage: skyrocket exec  (the connection is standard input)")
        return 2
    with socket.socket(fileno=os.dup(0)) as door:
        handed = receive(door)
    if handed is None:
        journal.error("cannot serve: no client was handed over")
        return 1
    from skyrocket.host.containers.exec_child import Child
    from skyrocket.host.containers.exec_session import Session

    Session(*handed, Child).run()
    return 0


def receive(door: socket.socket) -> tuple[socket.socket, bytes] | None:
    """The client that the API hands over, and what was read from it; None when none comes."""
    door.settimeout(PATIENCE)
    begun = b""
    found: list[int] = []
    try:
        while len(begun) <= LARGEST_BEGINNING:
            data, ancillary, _, _ = door.recvmsg(65536, socket.CMSG_SPACE(4 * 8))
            for level, kind, payload in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    numbers = array.array("i")
                    numbers.frombytes(payload[: len(payload) // 4 * 4])
                    found += numbers
            if not data:
                break
            begun += data
    except OSError as error:
        journal.error(f"cannot take a client over: {error.strerror or error}")
        found, begun = _drop(found), b""
    for extra in found[1:]:
        os.close(extra)
    return (socket.socket(fileno=found[0]), begun) if found else None


def _drop(found: list[int]) -> list[int]:
    for descriptor in found:
        os.close(descriptor)
    return []
