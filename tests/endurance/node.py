"""A node's API that is used for long: commits, commands, restarts, and what each of them leaves."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from host.containers.exec_server import ExecServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import unix_connect

from skyrocket.client.connection import request
from skyrocket.host.containers.exec import receive
from skyrocket.host.containers.exec_child import Child
from skyrocket.host.containers.exec_session import Session

SERVE = Path(__file__).with_name("serve.py")
MOST_GROWTH = 0.05
APPLIED = b'{"ok":true,"error":null}\n'


class Used(NamedTuple):
    """What the API process holds, and what its store takes on the disk."""

    descriptors: int
    pss: int
    stored: int


def findings(before, after):
    """What grew from BEFORE to AFTER that must not."""
    found = []
    if after.descriptors > before.descriptors:
        found.append(f"descriptors: {before.descriptors}, then {after.descriptors}")
    for name in ("pss", "stored"):
        first, last = getattr(before, name), getattr(after, name)
        if last > first * (1 + MOST_GROWTH):
            found.append(f"{name}: {first} bytes, then {last}")
    return found


class Node:
    """The API below FOLDER with the services behind it; CODE is run in its process first."""

    def __init__(self, folder, code=""):
        self._folder, self._code = str(folder), code
        self.path = f"{folder}/api.sock"
        self._exec = self._listen("exec.sock", self._command)
        self._apply = self._listen("apply.sock", self._applied)
        self._commits = 0
        self.start()

    def start(self):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        argv = [sys.executable, str(SERVE), self._folder, self._code]
        self._process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"ready\n"

    def end(self):
        """As `systemctl restart` does, or as a crash."""
        self._process.terminate()
        self._process.wait(20)
        self._process.stdout.close()

    def restart(self):
        self.end()
        self.start()
        assert self.motd() == f"commit {self._commits}"

    def motd(self):
        return json.loads(request(self.path, "GET", "/settings?keys=settings.motd").body)["motd"]

    def commit(self):
        self._commits += 1
        body = json.dumps({"motd": f"commit {self._commits}"}).encode()
        assert request(self.path, "PATCH", "/settings?tx=e", body).status == 204
        assert request(self.path, "POST", "/tx/commit_and_apply?tx=e&result=true").status == 200

    def command(self):
        """A command to its end, output and status."""
        words = [{"Unix": list(word)} for word in (b"sh", b"-c", b"echo said; exit 3")]
        asked = {"Initialize": {"command": words, "target": "admin", "tty": None}}
        seen = []
        with unix_connect(self.path, uri="ws://localhost/exec", compression=None) as client:
            client.send(json.dumps(asked))
            try:
                seen.extend(iter(lambda: client.recv(timeout=20), None))
            except ConnectionClosed as ended:
                reason = ended.rcvd.reason
        assert (b"".join(one for one in seen if isinstance(one, bytes)), reason) == (b"said\n", "3")

    def used(self):
        """After a request, so that what ended has been noticed."""
        assert self.motd()
        process = f"/proc/{self._process.pid}"
        rollup = Path(f"{process}/smaps_rollup").read_text(encoding="ascii")
        pss = int(rollup.partition("\nPss:")[2].split()[0]) * 1024
        descriptors = len(list(Path(f"{process}/fd").iterdir()))
        return Used(descriptors, pss, stored(f"{self._folder}/store"))

    def close(self):
        self.end()
        for listener, thread in (self._exec, self._apply):
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)
            listener.close()

    def _listen(self, name, attend):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{self._folder}/{name}")
        listener.listen(64)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    door, _ = listener.accept()
                    with door:
                        attend(door)

        thread = threading.Thread(target=serve)
        thread.start()
        return listener, thread

    def _applied(self, door):
        door.recv(65536)
        door.sendall(APPLIED)

    def _command(self, door):
        """One after the other; the door is open until the command has ended."""
        root, runc = f"{self._folder}/root", f"{self._folder}/root/runc"
        Session(*receive(door), lambda asked: Child(asked, root, runc)).run()


def stored(folder):
    """Bytes on the disk below FOLDER; a file with two names counts once."""
    seen = {}
    for top, _, names in os.walk(folder):
        for name in names:
            facts = (Path(top) / name).stat()
            seen[facts.st_ino] = facts.st_blocks * 512
    return sum(seen.values())


@contextlib.contextmanager
def running(folder, code=""):
    root = folder / "root"
    root.mkdir()
    with ExecServer(root):
        pass  # it makes the folders and the program that stands for runc
    node = Node(folder, code)
    try:
        yield node
    finally:
        node.close()
