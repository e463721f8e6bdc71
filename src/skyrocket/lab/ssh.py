"""Into a node's admin container, with the ssh of the tools tree and the node's own key."""

from __future__ import annotations

import shlex
import socket
from typing import TYPE_CHECKING

from skyrocket.lab import disks, nodes, ports, process, qemu

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.lab.nodes import Home
    from skyrocket.models.node import Node
    from skyrocket.sandbox import Sandbox

USER = "ec2-user"
ADMIN_SECONDS = 240.0
"""An admin container is fetched and unpacked before its first answer."""


def plan(node: Node, command: Sequence[str], *, terminal: bool) -> list[str]:
    """The ssh command line, with paths inside the sandbox; pure."""
    options = [
        f"UserKnownHostsFile={qemu.NODE}/known_hosts",
        "StrictHostKeyChecking=accept-new",
        "IdentitiesOnly=yes",
        "LogLevel=ERROR",
        "ConnectTimeout=30",
        "ServerAliveInterval=15",
    ]
    flags = [word for option in options for word in ("-o", option)]
    login = f"{USER}@{ports.LOOPBACK}"
    argv = ["ssh", *flags, "-i", f"{qemu.NODE}/ssh_key", "-p", str(node.ssh_port)]
    argv += ["-t"] if terminal else []
    # The far end gives the words to a shell: quoted, they arrive as they were.
    return [*argv, login, *(["--", shlex.join(command)] if command else [])]


def argv(
    sandbox: Sandbox, place: Home, node: Node, command: Sequence[str], *, terminal: bool
) -> list[str]:
    """The whole command line, ready to become this process."""
    inside = plan(node, command, terminal=terminal)
    return sandbox.argv(inside, mounts=disks.mounts(place), env={"TERM": "xterm-256color"})


def wait(node: Node, seconds: float = ADMIN_SECONDS) -> bool:
    """Until the admin container's sshd greets; False when it never did or the node ended."""
    greets = False

    def ready() -> bool:
        nonlocal greets
        greets = _greeting(node.ssh_port)
        return greets or not nodes.runs(node)

    process.wait_for(ready, seconds)
    return greets


def _greeting(port: int) -> bool:
    # QEMU accepts the connection itself: only the greeting tells that somebody is behind it.
    try:
        with socket.create_connection((ports.LOOPBACK, port), timeout=5) as line:
            return line.recv(4) == b"SSH-"
    except OSError:
        return False
