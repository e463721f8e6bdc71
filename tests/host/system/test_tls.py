"""The door to HTTP servers, encrypted: whom it believes, and what it says of others.

The certificates were made for this test and count for a hundred years; `localhost` is their name.
"""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from pathlib import Path

import pytest

from skyrocket.host.system import tls
from skyrocket.host.system.web import Client, HttpError, Proxy

DATA = Path(__file__).parents[2] / "data/tls"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Server:
    """Answers every request with ANSWER, over TLS with CERTIFICATE; without one in clear."""

    def __init__(self, certificate="good", answer=OK, versions=None):
        self.answer = answer
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(str(DATA / f"{certificate}.pem"))
            if versions is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # old ones are deprecated, as they should be
                    self.context.maximum_version = versions
        self.heads = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.05)
        self.port = self.listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}/a?b"
        self.open = True
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while self.open:
            try:
                line, _ = self.listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            try:
                self._talk(line)
            except OSError:
                pass
            finally:
                line.close()

    def _talk(self, line):
        line.settimeout(5)
        if self.context is not None:
            line = self.context.wrap_socket(line, server_side=True)
        with line:
            while head := self._head(line):
                self.heads.append(head)
                line.sendall(self.answer)

    def _head(self, line):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = line.recv(4096)
            if not part:
                return ""
            head += part
        return head.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open = False
        self.thread.join()
        self.listener.close()


class Tunnel(Server):
    """A proxy that leads to one server, or answers ANSWER instead."""

    def __init__(self, port=None, answer=b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"):
        self.to = port
        super().__init__("", answer)

    def _talk(self, line):
        line.settimeout(5)
        self.heads.append(self._head(line))
        if self.to is None:
            line.sendall(self.answer)
            return
        with socket.create_connection(("127.0.0.1", self.to)) as server:
            line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=copy, args=(server, line))
            back.start()
            copy(line, server)
            back.join()


def copy(source, target):
    try:
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture(autouse=True)
def trusted(monkeypatch):
    """The node trusts one authority: what settings.pki and the image come to is one file.

    And it knows who `localhost` is, without a hosts file: a sealed program runs in an empty root.
    """
    monkeypatch.setattr(tls, "AUTHORITIES", str(DATA / "authority.pem"))
    honest = socket.getaddrinfo

    def getaddrinfo(host, *rest, **words):
        return honest("127.0.0.1" if host == "localhost" else host, *rest, **words)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture
def client():
    made = Client()
    yield made
    made.close()


def fetch(client, url):
    answer = client.get(url)
    return answer.status, b"".join(answer.chunks)


def test_an_encrypted_answer_is_the_same_answer_and_one_connection_serves_many(client):
    with Server() as server:
        assert fetch(client, server.url) == (200, b"hello")
        assert fetch(client, server.url) == (200, b"hello")
        client.close()
    assert server.connections == 1
    assert server.heads[0].startswith("GET /a?b HTTP/1.1\r\n")
    assert client.received == 2 * len(OK)


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ("expired", r"it has expired \(this node's clock: 20\d\d-\d\d-\d\dT"),
        ("early", r"it is not valid yet \(this node's clock: 20\d\d-\d\d-\d\dT"),
        ("other-host", "Hostname mismatch, certificate is not valid for 'localhost'"),
        ("stranger", "an authority of your own goes into settings.pki"),
    ],
)
def test_a_certificate_that_is_not_believed_is_named(client, certificate, said):
    with Server(certificate) as server:
        with pytest.raises(
            HttpError, match=f"the certificate of localhost is not believed: .*{said}"
        ):
            client.get(server.url)
        client.close()
    assert server.heads == []


def test_a_certificate_for_another_address_is_not_believed(client):
    """The server has a good one, for localhost, and is asked by its number."""
    with Server() as server:
        with pytest.raises(HttpError, match="IP address mismatch"):
            client.get(f"https://127.0.0.1:{server.port}/")
        client.close()


def test_without_any_authority_nobody_is_believed(client, monkeypatch):
    monkeypatch.setattr(tls, "AUTHORITIES", "/nowhere")
    with Server() as server:
        with pytest.raises(HttpError, match="cannot read the trusted authorities: No such file"):
            client.get(server.url)
        client.close()


def test_a_server_that_speaks_no_tls_is_said(client):
    with Server("") as server:
        with pytest.raises(HttpError, match="cannot fetch https://localhost"):
            client.get(server.url)
        client.close()


def test_an_old_version_of_the_protocol_is_refused(client):
    """The control is the version after it."""
    with Server(versions=ssl.TLSVersion.TLSv1_2) as server:
        assert fetch(client, server.url) == (200, b"hello")
        client.close()
    with Server(versions=ssl.TLSVersion.TLSv1_1) as server:
        with pytest.raises(HttpError, match="cannot fetch"):
            client.get(server.url)
        client.close()


def test_a_redirect_to_where_nothing_is_encrypted_is_refused(client):
    """The other way round is followed."""
    with Server() as server, Server("") as plain:
        here = f"http://localhost:{plain.port}/"
        server.answer = moved(here)
        with pytest.raises(HttpError, match="it was moved to where nothing is encrypted"):
            client.get(server.url)
        client.close()
        assert plain.heads == []
        server.answer, plain.answer = OK, moved(server.url)
        assert fetch(client, here) == (200, b"hello")
        client.close()


def moved(url):
    return f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()


def test_a_proxy_leads_to_the_server_and_sees_nothing(client):
    with Server() as server, Tunnel(server.port) as proxy:
        client = Client(Proxy(f"http://us%40er:secret@127.0.0.1:{proxy.port}"))
        assert fetch(client, server.url) == (200, b"hello")
        client.close()
    assert proxy.heads[0].startswith(f"CONNECT localhost:{server.port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic dXNAZXI6c2VjcmV0\r\n" in proxy.heads[0]
    assert "Proxy-Authorization" not in server.heads[0]


def test_a_proxy_that_refuses_is_said():
    with Tunnel() as proxy:
        client = Client(Proxy(f"127.0.0.1:{proxy.port}"))
        with pytest.raises(HttpError, match="the proxy answers 407"):
            client.get("https://localhost:1/")
        client.close()


def test_a_proxy_cannot_stand_for_the_server():
    """What it leads to has another name's certificate."""
    with Server("other-host") as server, Tunnel(server.port) as proxy:
        client = Client(Proxy(f"http://127.0.0.1:{proxy.port}"))
        with pytest.raises(HttpError, match="the certificate of localhost is not believed"):
            client.get("https://localhost:9/")
        client.close()
