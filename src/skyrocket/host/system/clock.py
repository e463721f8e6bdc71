"""The node's clocks."""

from __future__ import annotations

import time


def uptime() -> float:
    """Seconds since the kernel started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def now() -> str:
    """Now, in UTC, for people: RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def stamp() -> str:
    """Now, in UTC, as it may stand in a file name."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
