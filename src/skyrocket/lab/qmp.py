"""QEMU's control socket: one command, one answer, over a blocking connection."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

from skyrocket.lab.errors import LabError

if TYPE_CHECKING:
    from io import BufferedRWPair
    from pathlib import Path


def command(sock: Path, name: str, timeout: float = 5.0) -> object:
    """Run NAME and give what it returns; raises LabError when nobody answers or it is refused."""
    # A socket's address has room for 107 bytes and a cache may lie deeper: go through its folder.
    folder = os.open(sock.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(f"/proc/self/fd/{folder}/{sock.name}")
            with connection.makefile("rwb") as stream:
                stream.readline()  # the greeting
                _ask(stream, "qmp_capabilities")
                return _ask(stream, name)
    except (OSError, ValueError) as error:
        raise LabError(f"cannot ask QEMU to {name}: {error}") from error
    finally:
        os.close(folder)


def _ask(stream: BufferedRWPair, name: str) -> object:
    stream.write(json.dumps({"execute": name}).encode() + b"\n")
    stream.flush()
    while line := stream.readline():
        answer = json.loads(line)
        if "error" in answer:
            raise LabError(f"cannot ask QEMU to {name}: {answer['error'].get('desc', '')}")
        if "return" in answer:
            return answer["return"]  # everything else is an event
    raise OSError("the connection ended")
