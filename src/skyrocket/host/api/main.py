"""The verb `api`: answer HTTP on /run/api.sock, as its own process without privileges."""

# ruff: noqa: PTH101, PTH108, PTH110  (pathlib is 20 modules at start-up)

from __future__ import annotations

import os
import socket

from skyrocket.host.api import policy, server
from skyrocket.host.api.doors import Doors
from skyrocket.host.api.gate import Gate
from skyrocket.host.api.state import State
from skyrocket.host.api.trials import Watch
from skyrocket.host.settings import variant
from skyrocket.host.store.filesystem import FileStore
from skyrocket.host.system import files, journal, systemd

SOCKET = "/run/api.sock"
GROUP = 274
BOOTED = "/run/skyrocket/boot.json"
PATIENCE_SECONDS = 200.0
"""More than skyrocket-boot.service may take; its failure starts the machine again anyway."""


def main(_argv: list[str], booted: str = BOOTED, patience: float = PATIENCE_SECONDS) -> int:
    # This process starts beside the boot's, so that its imports are done when the settings are.
    if not files.appears(booted, patience):
        journal.error(f"cannot read this boot's settings: {booted} did not appear")
        return 1
    state = State(FileStore(), variant.read(), Doors(), Gate(policy.read()))
    state.watch = Watch(state).wake
    if state.trial is not None or state.doors.network_trial() is not None:
        state.watch()
    with systemd.listener() or listen(SOCKET) as listener:
        systemd.notify("READY=1")
        server.serve(listener, state)
    return 0


def listen(path: str, group: int = GROUP) -> socket.socket:
    """A listening socket at PATH for root and GROUP alone, when systemd gave none."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.path.exists(path):
        os.unlink(path)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    try:
        os.chown(path, -1, group)
    except PermissionError:
        journal.warning(f"cannot give {path} to group {group}")
    os.chmod(path, 0o660)
    listener.listen(64)
    return listener
