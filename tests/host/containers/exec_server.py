"""Serve exec sessions on a Unix socket as the node does, with a runc that only runs the command."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Self

from skyrocket.host.containers.exec import receive
from skyrocket.host.containers.exec_child import Child
from skyrocket.host.containers.exec_session import Session

if TYPE_CHECKING:
    from pathlib import Path

FAKE_RUNC = """#!/bin/sh
# runc --root R exec --pid-file F [--tty] [--env E] TARGET COMMAND…
echo "$@" >>"$(dirname "$0")/calls"
while [ $# -gt 0 ]; do
    case $1 in
    --root) shift 2 ;;
    exec | --tty) shift ;;
    --pid-file) echo $$ >"$2"; shift 2 ;;
    --env) export "$2"; shift 2 ;;
    *) break ;;
    esac
done
shift
exec "$@"
"""


class ExecServer:
    """Listens at PATH; each connection gets a session in a thread of its own."""

    def __init__(self, folder: Path, runc: str = "") -> None:
        self.root = str(folder)
        self.path = str(folder / "api.sock")
        self.runc = runc or str(folder / "runc")
        if not runc:
            (folder / "runc").write_text(FAKE_RUNC)
            (folder / "runc").chmod(0o755)
            (folder / "run/skyrocket/runc/host/admin").mkdir(parents=True)
            (folder / "run/skyrocket/runc/workload/demo").mkdir(parents=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept, name="exec server")]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()
        self._listener.close()

    def join(self) -> None:
        """Wait until every session so far is over."""
        for thread in self._threads[1:]:
            thread.join(20)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), name="exec session")
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        """Hand the client over as the API does: some bytes with the descriptor, more after it."""
        begun = client.recv(65536)
        ours, door = socket.socketpair()
        with client, ours, door:
            socket.send_fds(ours, [begun[:10]], [client.fileno()])
            ours.sendall(begun[10:])
            ours.close()
            handed = receive(door)
        assert handed is not None
        Session(*handed, lambda asked: Child(asked, self.root, self.runc)).run()
