"""The door to systemd: sockets it hands us, readiness we tell it, units we start and stop.

It does not know what the units are for.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_DESCRIPTOR = 3

Change = Literal["start", "stop", "restart", "try-restart", "try-reload-or-restart"]

# systemd's method, and whether a unit that does not exist is as good as stopped.
_METHODS: dict[Change, tuple[str, bool]] = {
    "start": ("StartUnit", False),
    "stop": ("StopUnit", True),
    "restart": ("RestartUnit", False),
    "try-restart": ("TryRestartUnit", True),
    "try-reload-or-restart": ("ReloadOrTryRestartUnit", True),
}


def listener() -> socket.socket | None:
    """The socket systemd listens on for us, or None when we were not started by one."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    if int(os.environ.get("LISTEN_FDS", "0")) < 1:
        return None
    os.set_inheritable(FIRST_DESCRIPTOR, False)  # noqa: FBT003  (it has no names)
    return socket.socket(fileno=FIRST_DESCRIPTOR)


def notify(state: str) -> None:
    """Tell systemd STATE (`READY=1`); nothing when nobody waits for it."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    if path.startswith("@"):
        path = "\0" + path[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.connect(path)
        channel.sendall(state.encode())


def change(what: Change, units: Sequence[str], path: str = "") -> None:
    """Order systemd to WHAT the UNITS, without waiting; raise BusError or CommandError.

    Asked directly: a boot orders units, and a process for it is a third of a second there.
    """
    if not units:
        return
    from skyrocket.host.system import bus

    method, may_be_absent = _METHODS[what]
    calls = [bus.call(serial, method, unit, "replace") for serial, unit in enumerate(units, 1)]
    try:
        replies = bus.ask(path or bus.PRIVATE, calls)
    except OSError:
        from skyrocket import command

        command.run(["/usr/bin/systemctl", "--no-block", what, "--", *units])
        return
    for unit, error in zip(units, replies, strict=True):
        if error and not (may_be_absent and error.name == bus.NO_SUCH_UNIT):
            raise bus.BusError(f"cannot {what} {unit}: {error.text}")


def reboot() -> None:
    """Restart the machine unless an inhibitor forbids it; CommandError says who does."""
    from skyrocket import command

    command.run(["/usr/bin/systemctl", "reboot", "--check-inhibitors=yes"])
