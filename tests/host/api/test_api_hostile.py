"""Hostile clients against the real server in its own process: the others are still answered.

Each attack has a control: with the limit switched off it succeeds, so the test can fail.
"""

import contextlib
import resource
import socket
import subprocess
import sys
import threading

import pytest
from fakes.api_process import answered, eventually, running

MANY = 200
HEAD = b"GET /os HTTP/1.1\r\nHost: x\r\n"
BODY = b"PATCH /settings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
NO_EVICTION = "crowd.greediest = lambda *_: None"


def connected(path, stack):
    client = stack.enter_context(socket.socket(socket.AF_UNIX))
    client.settimeout(10)
    client.connect(path)
    return client


def push(client, content, within=0.2):
    """Send what the other side takes; whether it took all of it."""
    client.settimeout(within)
    try:
        client.sendall(content)
    except OSError:
        return False
    return True


def slow_heads(node, stack):
    """Connections whose request never comes to its end; a thread drips a byte into each."""
    clients = [connected(node.path, stack) for _ in range(MANY)]
    for client in clients:
        push(client, HEAD + b"X-Slow: ")
    enough = threading.Event()

    def drip():
        while not enough.wait(0.1):
            for client in clients:
                push(client, b"a")

    thread = threading.Thread(target=drip)
    thread.start()
    stack.callback(thread.join)
    stack.callback(enough.set)


def idle(node, stack):
    """Connections on which nothing is ever said."""
    for _ in range(MANY):
        connected(node.path, stack)


def slow_bodies(node, stack):
    """Requests that announce a body and do not send it."""
    for _ in range(MANY):
        push(connected(node.path, stack), BODY + b"Content-Length: 100000\r\n\r\n{")


def never_reading(node, stack):
    """Thousands of requests at once on each connection, and no answer is read."""
    for _ in range(MANY):
        push(connected(node.path, stack), (HEAD + b"\r\n") * 5_000)


def half_closed(node, stack):
    """Requests cut in the middle, the writing side shut, the reading one open."""
    for _ in range(MANY):
        client = connected(node.path, stack)
        push(client, HEAD + b"X: ")
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)


def flood(node, stack):
    """New connections as fast as they can be made; none of the thousands is given up."""
    enough = threading.Event()
    opened = []

    def open_more():
        while not enough.is_set() and len(opened) < 3_000:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(0)
            try:
                client.connect(node.path)
            except BlockingIOError:
                client.close()
                enough.wait(0.001)
                continue
            opened.append(client)

    thread = threading.Thread(target=open_more)
    thread.start()
    stack.callback(lambda: [client.close() for client in opened])
    stack.callback(thread.join)
    stack.callback(enough.set)
    assert eventually(lambda: len(opened) > 500)


ATTACKS = [slow_heads, idle, slow_bodies, never_reading, flood]
# These two keep the server's processor busy too: an answer takes longer, and comes.
WITHIN = {never_reading: 15.0, flood: 10.0}


@pytest.fixture(autouse=True)
def descriptors():
    """An attack may need more open files than is usual."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("attack", [*ATTACKS, half_closed])
def test_others_are_answered_during_an_attack(tmp_path, attack):
    with running(tmp_path) as node, contextlib.ExitStack() as stack:
        attack(node, stack)
        assert all(answered(node, WITHIN.get(attack, 3.0)) for _ in range(3))
        assert node.threads <= 66


@pytest.mark.parametrize("attack", ATTACKS)
def test_control_without_eviction_the_attack_succeeds(tmp_path, attack):
    with running(tmp_path, NO_EVICTION) as node, contextlib.ExitStack() as stack:
        assert answered(node)
        attack(node, stack)
        assert not answered(node, WITHIN.get(attack, 3.0))


def test_a_request_that_takes_too_long_is_ended_even_when_there_is_room(tmp_path):
    code = "server.Patience.__init__.__defaults__ = (60.0, 0.5, 60.0)"
    for seeded, ended in ((code, True), ("", False)):
        with running(tmp_path, seeded) as node, contextlib.ExitStack() as stack:
            client = connected(node.path, stack)
            dripped = [push(client, b"a") for _ in drops(1.5)]
            assert (not all(dripped)) is ended


def drops(seconds):
    """A turn every 50 ms."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        pause.wait(0.05)
        yield


def large_bodies(node, stack):
    for _ in range(60):
        head = BODY + b"Content-Length: 2000000\r\n\r\n"
        push(connected(node.path, stack), head + b" " * 1_900_000)


@pytest.mark.parametrize(("code", "bounded"), [("", True), ("crowd.LARGE_BODY = 1 << 40", False)])
def test_unfinished_large_bodies_take_a_bounded_amount_of_memory(tmp_path, code, bounded):
    with running(tmp_path, code) as node, contextlib.ExitStack() as stack:
        before = node.memory
        large_bodies(node, stack)
        assert answered(node)
        assert (node.memory - before < 40_000_000) is bounded


@pytest.mark.parametrize(
    ("code", "status"), [("", b" 431 "), ("server.LARGEST_HEAD = 1 << 40", None)]
)
def test_a_huge_head_is_refused_before_it_is_kept(tmp_path, code, status):
    with running(tmp_path, code) as node, contextlib.ExitStack() as stack:
        before = node.memory
        client = connected(node.path, stack)
        took_all = push(client, HEAD + b"X: " + b"a" * 50_000_000, 30)
        assert took_all is (status is None)
        assert (node.memory - before < 10_000_000) is (status is not None)
        assert answered(node)


def test_a_connection_that_is_answered_is_never_cut(tmp_path):
    """Who sends its requests one after the other keeps its connection through an attack."""
    with running(tmp_path) as node, contextlib.ExitStack() as stack:
        slow_heads(node, stack)
        code = (
            "import socket, sys\n"
            "c = socket.socket(socket.AF_UNIX); c.settimeout(10); c.connect(sys.argv[1])\n"
            "for _ in range(300):\n"
            "    c.sendall(b'GET /os HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
            "    assert c.recv(4096).startswith(b'HTTP/1.1 200'), _\n"
        )
        assert subprocess.run([sys.executable, "-c", code, node.path], check=False).returncode == 0
