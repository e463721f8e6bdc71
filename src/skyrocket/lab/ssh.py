"""Into a node's admin container, with the ssh of the tools tree and the node's own key."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from skyrocket.lab import disks, ports, qemu

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.lab.nodes import Home
    from skyrocket.models.node import Node
    from skyrocket.sandbox import Sandbox

USER = "ec2-user"


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
