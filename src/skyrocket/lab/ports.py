"""Ports on loopback: the wanted one if it is free, another one if not."""

from __future__ import annotations

import socket
from typing import NamedTuple

LOOPBACK = "127.0.0.1"


class Port(NamedTuple):
    number: int
    wanted: int

    @property
    def replaced(self) -> bool:
        return self.number != self.wanted


def choose(wanted: int, taken: frozenset[int] = frozenset()) -> Port:
    """WANTED, unless it is in use or TAKEN by a node of ours that may start again."""
    if wanted not in taken and is_free(wanted):
        return Port(wanted, wanted)
    while True:
        with socket.socket() as free:
            free.bind((LOOPBACK, 0))
            number = free.getsockname()[1]
        if number not in taken:
            return Port(number, wanted)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As QEMU does: a port whose last connection is still fading away counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
