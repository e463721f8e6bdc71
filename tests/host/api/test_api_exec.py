"""From the client's command line to a program and back: real client, API, handover and session.

Only runc is another program: it runs the command on this machine.
"""

import os
import pty
import socket
import subprocess
import sys
import threading
import time

import pytest
from fakes import api_node

from skyrocket.host.api.doors import Doors
from skyrocket.host.containers.exec import receive
from skyrocket.host.containers.exec_child import Child
from skyrocket.host.containers.exec_session import Session
from skyrocket.host.containers.places import runc_state

RUNC = """#!/bin/sh
while [ "$1" != admin ]; do [ "$1" = --pid-file ] && echo $$ > "$2"; shift; done
shift
exec "$@"
"""


@pytest.fixture
def node(tmp_path):
    """A socket at which the API answers, and hands exec over to a session in this process."""
    root = tmp_path / "root"
    for folder in (f"{root}/run/skyrocket", f"{runc_state('host', str(root))}/admin"):
        os.makedirs(folder)  # noqa: PTH103
    runc = tmp_path / "runc"
    runc.write_text(RUNC)
    runc.chmod(0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "exec.sock"))
    listener.listen(1)

    def serve():
        try:
            door, _ = listener.accept()
        except OSError:
            return
        with door:
            handed = receive(door)
        Session(*handed, lambda asked: Child(asked, str(root), str(runc))).run()

    service = threading.Thread(target=serve)
    service.start()
    state = api_node.state(tmp_path, doors=Doors(str(tmp_path)))
    with api_node.serving(tmp_path, state) as path:
        yield path
    listener.shutdown(socket.SHUT_RDWR)
    service.join(20)
    listener.close()
    assert state.gate._commands.take("")
    assert state.gate._commands._run == {}, "the end of a command was not noticed"


def command(path, *words):
    code = "import sys; from skyrocket.client.cli import main; sys.exit(main(sys.argv))"
    return [sys.executable, "-c", code, "-s", path, "exec", *words]


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_gives_its_output_and_exit_code(node, code):
    argv = command(node, "-T", "admin", "sh", "-c", f"echo out; exit {code}")
    done = subprocess.run(argv, capture_output=True, env=environment(), timeout=30, check=False,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (code, b"out\n", b"")


def test_a_megabyte_comes_back_as_it_went(node):
    content = os.urandom(1_000_000)
    argv = command(node, "-T", "admin", "cat")
    done = subprocess.run(
        argv, input=content, capture_output=True, env=environment(), timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == content


def test_a_container_that_does_not_run_is_said(node):
    argv = command(node, "-T", "none", "true")
    done = subprocess.run(argv, capture_output=True, env=environment(), timeout=30, check=False,
                          stdin=subprocess.DEVNULL)  # fmt: skip
    assert done.returncode == 1
    assert b"cannot run a command in container none" in done.stdout + done.stderr


def test_a_terminal_reaches_the_command_and_is_given_back(node):
    ours, theirs = pty.openpty()
    argv = command(
        node, "admin", "sh", "-c", "test -t 0 && stty size && read x && echo got:$x; exit 5"
    )
    subprocess.run(["stty", "rows", "41", "cols", "137"], stdin=theirs, check=True)
    before = subprocess.run(["stty", "-g"], stdin=theirs, capture_output=True, check=True).stdout
    client = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment())
    try:
        seen = read_until(ours, b"41 137")
        os.write(ours, b"hello\r\n")
        seen += read_until(ours, b"got:hello")
        assert client.wait(20) == 5, seen
        after = subprocess.run(["stty", "-g"], stdin=theirs, capture_output=True, check=True).stdout
        assert after == before
    finally:
        client.kill()
        client.wait()
        os.close(ours)
        os.close(theirs)


def read_until(descriptor, wanted):
    """What comes from DESCRIPTOR until WANTED has come; fails at a deadline."""
    seen, deadline = b"", time.monotonic() + 20
    os.set_blocking(descriptor, False)
    while wanted not in seen:
        assert time.monotonic() < deadline, seen
        try:
            seen += os.read(descriptor, 4096)
        except BlockingIOError:
            threading.Event().wait(0.01)
    return seen
