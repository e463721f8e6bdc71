"""QEMU's control socket: commands in order, each answered, over a blocking connection."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BufferedRWPair
    from pathlib import Path


class Command(NamedTuple):
    name: str
    arguments: dict[str, object] = {}  # noqa: RUF012  never changed


# A reset that the guest asks for ends the machine, and ctrl-alt-del makes its PID 1 ask for one
# after an orderly shutdown: unlike the power button it needs no program of the guest's to listen.
SHUT_DOWN = (
    Command("set-action", {"reboot": "shutdown"}),
    Command(
        "send-key", {"keys": [{"type": "qcode", "data": k} for k in ("ctrl", "alt", "delete")]}
    ),
)
QUIT = (Command("quit"),)


def ask(sock: Path, commands: Sequence[Command], timeout: float = 5.0) -> None:
    """Run COMMANDS in order; raises LabError when nobody answers or one is refused."""
    # A socket's address has room for 107 bytes and a cache may lie deeper: go through its folder.
    folder = os.open(sock.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(f"/proc/self/fd/{folder}/{sock.name}")
            with connection.makefile("rwb") as stream:
                stream.readline()  # the greeting
                for command in (Command("qmp_capabilities"), *commands):
                    _ask(stream, command)
    except (OSError, ValueError) as error:
        raise LabError(f"cannot ask QEMU to {commands[-1].name}: {error}") from error
    finally:
        os.close(folder)


def _ask(stream: BufferedRWPair, command: Command) -> None:
    request = {"execute": command.name, "arguments": command.arguments}
    stream.write(json.dumps(request).encode() + b"\n")
    stream.flush()
    while line := stream.readline():
        answer = json.loads(line)
        if "error" in answer:
            raise LabError(f"cannot ask QEMU to {command.name}: {answer['error'].get('desc', '')}")
        if "return" in answer:
            return  # everything else is an event
    raise OSError("the connection ended")
