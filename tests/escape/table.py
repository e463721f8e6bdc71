"""Every attempt, in the order in which they are made."""

from __future__ import annotations

from escape.attempt import Attempt
from escape.attempts import (
    devices,
    kernel,
    mounts,
    node,
    processes,
    sockets,
    switches,
    upcalls,
)

ATTEMPTS: tuple[Attempt, ...] = tuple(
    value
    for group in (mounts, devices, upcalls, switches, kernel, node, processes, sockets)
    for value in vars(group).values()
    if isinstance(value, Attempt)
)
