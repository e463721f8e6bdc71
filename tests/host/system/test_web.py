"""The door to HTTP servers, against a server whose answers are written by hand."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from skyrocket.host.system import web
from skyrocket.host.system.web import Client, HttpError, Proxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Server:
    """Sends ANSWERS one after the other, each to one request; None closes the connection.

    Without KEEP every answer is followed by the end of its connection.
    """

    def __init__(self, *answers, keep=True):
        self.keep = keep
        self.answers = list(answers)
        self.requests = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/a/b?c=d"
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        self.listener.settimeout(0.05)
        while self.answers:
            try:
                line, _ = self.listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with line:
                self._answer(line)

    def _answer(self, line):
        line.settimeout(5)
        while self.answers:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                try:
                    part = line.recv(4096)
                except OSError:
                    return
                if not part:
                    return
                head += part
            self.requests.append(head.decode())
            answer = self.answers.pop(0)
            if answer is None:
                return
            line.sendall(answer)
            if not self.keep:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answers.clear()
        self.thread.join()
        self.listener.close()


def fetch(client, url, *headers):
    answer = client.get(url, headers)
    return answer.status, b"".join(answer.chunks)


@pytest.fixture
def client():
    made = Client()
    yield made
    made.close()


def test_one_connection_serves_many_requests(client):
    with Server(OK, OK) as server:
        assert fetch(client, server.url, ("Range", "bytes=0-4")) == (200, b"hello")
        assert fetch(client, server.url) == (200, b"hello")
        client.close()
        assert server.connections == 1
    assert server.requests[0].startswith("GET /a/b?c=d HTTP/1.1\r\n")
    assert "Range: bytes=0-4\r\n" in server.requests[0]
    assert "Accept-Encoding: identity\r\n" in server.requests[0]


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(client):
    with Server(OK, None, OK) as server:
        assert fetch(client, server.url) == (200, b"hello")
        assert fetch(client, server.url) == (200, b"hello")
        client.close()
    assert server.connections == 2


def test_a_redirect_is_followed_and_a_loop_is_not(client):
    with Server(OK) as target:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n"
        with Server(moved.encode()) as server:
            assert fetch(client, server.url) == (200, b"hello")
        client.close()
    here = b"HTTP/1.1 301 Moved\r\nLocation: /a/b?c=d\r\nContent-Length: 0\r\n\r\n"
    with Server(*[here] * 9) as server:
        with pytest.raises(HttpError, match="it was moved more than 5 times"):
            fetch(client, server.url)
        client.close()


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://x/", "unix:/run/api.sock", "http://x:y/"]
)
def test_a_redirect_to_another_kind_of_address_is_refused(client, target):
    moved = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
    with Server(moved.encode()) as server:
        with pytest.raises(HttpError, match="cannot fetch"):
            fetch(client, server.url)
        client.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
        b"no http at all\r\n\r\n",
        None,
    ],
)
def test_an_answer_that_is_cut_or_none_is_an_error(client, answer):
    with (
        Server(answer, keep=False) as server,
        pytest.raises(HttpError, match="cannot fetch"),
    ):
        fetch(client, server.url)


def test_a_server_that_drips_is_given_up(client, monkeypatch):
    """The clock jumps: a minute has passed and hardly a byte has come."""
    moments = iter([0.0, 0.0, 0.0, 61.0, 61.0])
    monkeypatch.setattr(web.time, "monotonic", lambda: next(moments))
    with Server(OK) as server, pytest.raises(HttpError, match="less than 1024 bytes a second"):
        fetch(client, server.url)


@pytest.mark.parametrize("piece", [b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Wait\r\n\r\n"])
def test_a_head_that_drips_is_given_up(client, monkeypatch, piece):
    """Each piece comes in time and the head never ends."""
    monkeypatch.setattr(web, "HEAD_SECONDS", 0.3)
    with Dripping(piece) as server:
        begin = time.monotonic()
        with pytest.raises(HttpError, match="it does not answer in time"):
            client.get(server.url)
        client.close()
    assert time.monotonic() - begin < 5


class Dripping(Server):
    """Sends PIECE again and again."""

    def __init__(self, piece):
        self.piece = piece
        super().__init__(b"")

    def _answer(self, line):
        while self.answers:
            try:
                line.sendall(self.piece)
            except OSError:
                return
            time.sleep(0.02)


def test_a_limit_is_kept_on_average(client, monkeypatch):
    """The clock stands still, so every byte is early; without a limit nobody waits."""
    slept = []
    monkeypatch.setattr(web.time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(web.time, "sleep", slept.append)
    for limit in (0, 100):
        slow = Client(limit=limit)
        with Server(OK) as server:
            fetch(slow, server.url)
            slow.close()
    assert slept == [5 / 100]


def test_nobody_there_is_said(client):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(HttpError, match="Connection refused"):
        client.get(f"http://127.0.0.1:{port}/")


def test_a_proxy_is_asked_for_the_whole_address():
    with Server(OK) as proxy:
        client = Client(Proxy(f"http://127.0.0.1:{proxy.port}", ("localhost", ".inside")))
        assert fetch(client, "http://updates.test/x") == (200, b"hello")
        client.close()
    assert proxy.requests[0].startswith("GET http://updates.test/x HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("host", "served"),
    [("updates.test", True), ("inside", False), ("a.inside", False), ("outinside", True)],
)
def test_some_hosts_are_reached_without_the_proxy(host, served):
    assert Proxy("http://p", (".inside",)).serves(host) is served
    assert not Proxy().serves(host)


def test_what_came_over_the_line_is_counted(client):
    with Server(OK) as server:
        fetch(client, server.url)
        client.close()
    assert client.received == len(OK)
