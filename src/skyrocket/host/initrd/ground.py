"""The kernel's own file systems, mounted before anything can be seen or said."""

from __future__ import annotations

import os

from skyrocket.host.system import kernel
from skyrocket.host.system.text import text_in

_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC

# Source, place, flags, options; moved into the root at the end, in this order.
FILE_SYSTEMS = (
    ("proc", "/proc", _QUIET, ""),
    ("sysfs", "/sys", _QUIET, ""),
    ("devtmpfs", "/dev", kernel.MS_NOSUID | kernel.MS_NOEXEC, "mode=0755"),
    ("tmpfs", "/run", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755,size=20%"),
)


def mount_all() -> None:
    """Mount /proc, /sys, /dev, /run on the empty initramfs."""
    for kind, place, flags, options in FILE_SYSTEMS:
        if not os.path.isdir(place):
            os.mkdir(place, 0o755)
        kernel.mount(kind, place, kind, flags, options)


def command_line() -> str:
    """What the kernel was started with."""
    return text_in("/proc/cmdline")
