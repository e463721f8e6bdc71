"""A node's API as a process of its own: the real server, whose memory and threads can be seen.

`python api_process.py SOCKET DOORS CODE` serves at SOCKET; CODE runs before, with the server's
modules as names: tests switch a limit off in it, to see that the attack then succeeds.
"""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 20.0


class ApiProcess:
    """A running server: its socket and what the kernel says of it."""

    def __init__(self, path, process):
        self.path = path
        self._process = process

    @property
    def memory(self):
        """Bytes of its own in memory."""
        return self._status("RssAnon") * 1024

    @property
    def threads(self):
        return self._status("Threads")

    def alive(self):
        return self._process.poll() is None

    def _status(self, field):
        text = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(text.partition(f"{field}:")[2].split()[0])


@contextlib.contextmanager
def running(folder, code="", doors=""):
    """A server below FOLDER, in which CODE ran first."""
    path = f"{folder}/api.sock"
    argv = [sys.executable, __file__, path, doors or str(folder), code]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        yield ApiProcess(path, process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def answered(node, within=3.0):
    """Whether another process is answered WITHIN seconds: the real client asks `GET /os`."""
    code = (
        "import sys; from skyrocket.client import connection\n"
        "connection.TIMEOUT = float(sys.argv[2])\n"
        "sys.exit(connection.ask(sys.argv[1], 'GET', '/os').status != 200)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    argv = [sys.executable, "-S", "-c", code, node.path, str(within)]
    done = subprocess.run(argv, env=environment, capture_output=True, check=False)
    return done.returncode == 0


def eventually(condition, within=PATIENCE):
    """Whether CONDITION comes true WITHIN seconds."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def main(path, doors, code):
    from fakes import api_node

    from skyrocket.host.api import crowd, main, server
    from skyrocket.host.api.doors import Doors

    exec(code, {"crowd": crowd, "server": server})
    state = api_node.state(Path(path).parent, {"motd": "hi"}, Doors(doors))
    listener = main.listen(path, -1)
    listener.listen(4096)  # what systemd gives it
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve(listener, state)


if __name__ == "__main__":
    main(*sys.argv[1:])
