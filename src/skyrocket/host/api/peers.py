"""The door to who is at the other end of a connection: what the kernel says, nothing it was told.

A process id alone may be another process's by the time somebody looks. So the kernel is asked for
the process itself (SO_PEERPIDFD), and what /proc says counts only while that one still lives.
"""

import os
import select
import socket
import sys
from typing import Literal, TypeAlias

from msgspec import Struct

from skyrocket.host.system import files

PROC = "/proc"
HOST_CONTAINERS = "hostcontainers.slice"
_SO_PEERPIDFD = 77  # <asm-generic/socket.h>; Python has no name for it
_CREDENTIALS = 12

Kind: TypeAlias = Literal["node", "user", "host-container", "pod", "workload", "unknown"]


class Peer(Struct, frozen=True):
    """The process at the other end of a connection, and what it belongs to.

    NAME is the container's, or the unit's, or where the process runs when it is neither.
    """

    kind: Kind = "unknown"
    name: str = ""
    pid: int = 0
    uid: int = 0
    gid: int = 0

    @property
    def client(self) -> str:
        """What limits count by: all processes of one container are one client."""
        return f"{self.kind} {self.name}".rstrip()


NOBODY = Peer()


def of(client: socket.socket, proc: str = PROC) -> Peer:
    """Who connected CLIENT; of kind `unknown` when that process has gone or cannot be placed."""
    raw = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS)
    pid, uid, gid = (int.from_bytes(raw[at : at + 4], sys.byteorder) for at in (0, 4, 8))
    kind, name = place(_control_group(client, pid, proc), uid)
    return Peer(kind, name, pid, uid, gid)


def _control_group(client: socket.socket, pid: int, proc: str) -> str:
    """The text of the peer's cgroup file; nothing when it may be another process's."""
    try:
        process = client.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError:
        return ""
    try:
        text = files.read(f"{proc}/{pid}/cgroup") or b""
        return "" if _ended(process) else text.decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(process)


def _ended(process: int) -> bool:
    poll = select.poll()
    poll.register(process, select.POLLIN)
    return bool(poll.poll(0))


def place(groups: str, uid: int) -> tuple[Kind, str]:
    """Kind and name of a process of UID with these control GROUPS, as /proc/PID/cgroup has them.

    Only whole paths count, from the root: a container that may make groups below its own can call
    them what it likes.

    >>> place("0::/hostcontainers.slice/host-containers@admin.service/container", 0)
    ('host-container', 'admin')
    """
    found = [line[3:] for line in groups.splitlines() if line.startswith("0::/")]
    if len(found) != 1 or ".." in found[0]:
        return "unknown", ""
    top, *below = found[0].strip("/").split("/")
    unit = below[0] if below else top
    if top == HOST_CONTAINERS and (name := _instance(unit, "host-containers@")):
        return "host-container", name
    if top in {"kubepods.slice", "kubepods"}:
        return "pod", "/".join(below)
    if _is_service(top, below):
        return ("user" if uid else "node"), below[-1]
    return "workload", found[0]


def _instance(unit: str, template: str) -> str:
    """The instance in the name of a service made of TEMPLATE, else nothing."""
    if unit.startswith(template) and unit.endswith(".service"):
        return unit[len(template) : -len(".service")]
    return ""


def _is_service(top: str, below: list[str]) -> bool:
    """A service of the node itself: systemd's slice for them, perhaps that of a template, a unit.

    What lies below a unit is not the unit: there container engines put what they run.
    """
    slices, unit = below[:-1], below[-1] if below else ""
    return (
        top == "system.slice"
        and all(each.startswith("system-") and each.endswith(".slice") for each in slices)
        and unit.endswith(".service")
        and not unit.startswith("containers@")
    )
