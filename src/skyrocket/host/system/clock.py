"""The node's clocks."""

from __future__ import annotations

import time

from skyrocket.host.system import files


def uptime() -> float:
    """Seconds since the kernel started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot() -> str:
    """The kernel's name for this boot."""
    return (files.read("/proc/sys/kernel/random/boot_id") or b"").decode("ascii").strip()


def now() -> str:
    """Now, in UTC, for people: RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def stamp() -> str:
    """Now, in UTC, as it may stand in a file name."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def exact(nanoseconds: int) -> str:
    """NANOSECONDS since 1970 as RFC 3339 with all of them, as upstream's update status has it."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09}Z"
