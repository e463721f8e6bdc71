"""Wait until the kernel announces a device, instead of sleeping and looking again.

Uses `_socket` itself: the `socket` module would load `enum` and `selectors` into the initrd.
"""

from __future__ import annotations

import _socket
import select
import time

_NETLINK_KOBJECT_UEVENT = 15
_KERNEL_GROUP = 1


class Uevents:
    """An ear at the kernel's announcements; what is said after it opened is never missed."""

    def __init__(self) -> None:
        kind = _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC | _socket.SOCK_NONBLOCK
        self._socket = _socket.socket(_socket.AF_NETLINK, kind, _NETLINK_KOBJECT_UEVENT)
        self._socket.bind((0, _KERNEL_GROUP))

    def wait(self, deadline: float) -> bool:
        """Wait for an announcement -> whether one came before DEADLINE (time.monotonic)."""
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self._socket], [], [], left)[0]:
            return False
        self._drain()
        return True

    def close(self) -> None:
        self._socket.close()

    def _drain(self) -> None:
        """Many announcements come together and one look at sysfs answers them all."""
        try:
            while self._socket.recv(16384):
                pass
        except BlockingIOError:
            return
        except OSError:
            # ENOBUFS: some were lost, which is as good as having heard one.
            return
