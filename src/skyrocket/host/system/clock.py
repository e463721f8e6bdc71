"""The node's clocks."""

from __future__ import annotations

import time


def uptime() -> float:
    """Seconds since the kernel started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def stamp() -> str:
    """Now, in UTC, as it may stand in a file name."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
