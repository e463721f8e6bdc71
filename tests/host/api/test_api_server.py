import contextlib
import socket
import stat
from pathlib import Path

import pytest
from fakes import api_node

from skyrocket.client.connection import ask, request
from skyrocket.host.api.server import LARGEST_BODY


@pytest.fixture
def doors():
    return api_node.Doors()


@pytest.fixture
def node(tmp_path, doors):
    with api_node.serving(tmp_path, api_node.state(tmp_path, {"motd": "hi"}, doors)) as path:
        yield path


def speak(path, raw, *, until=None):
    """Send RAW and read to the end, or until the answer contains UNTIL."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(path)
        with contextlib.suppress(BrokenPipeError):  # answered before it was sent whole
            client.sendall(raw)
        answer = b""
        while part := client.recv(65536):
            answer += part
            if until and until in answer:
                break
        return answer


def test_the_socket_is_for_root_and_its_group_alone(node):
    assert stat.S_IMODE(Path(node).stat().st_mode) == 0o660


def test_two_requests_on_one_connection_are_both_answered(node):
    two = b"GET /os HTTP/1.1\r\nHost: x\r\n\r\n" * 2
    assert speak(node, two[:-2] + b"Connection: close\r\n\r\n").count(b"HTTP/1.1 200") == 2


def test_an_empty_answer_has_no_body_and_no_type(node):
    answer = speak(node, b"POST /actions/reboot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204")
    assert b"content-" not in answer.lower()


def test_data_is_json_and_errors_are_text(node):
    head = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert b"content-type: application/json" in speak(node, head % b"/settings").lower()
    assert b"content-type: text/plain" in speak(node, head % b"/settings?keys=").lower()


def test_a_body_over_two_mebibytes_is_413(node):
    assert request(node, "PATCH", "/settings", b" " * (LARGEST_BODY + 1)).status == 413
    assert request(node, "PATCH", "/settings", b" " * LARGEST_BODY).status == 400


def test_a_body_without_a_length_is_413_as_soon_as_it_is_too_large(node):
    head = b"PATCH /settings HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    assert b" 413 " in speak(node, head + chunk * 33, until=b"bytes)")


def test_a_body_that_is_not_utf_8_is_400(node):
    refused = request(node, "PATCH", "/settings", b'{"motd":"\xff"}')
    assert (refused.status, refused.text.startswith("Json deserialize error: ")) == (400, True)


def test_a_client_that_asks_first_is_told_to_go_on(node):
    head = (
        b"PATCH /settings HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    )
    answer = speak(node, head, until=b"100 ")
    assert answer.startswith(b"HTTP/1.1 100")


def test_a_missing_content_type_is_refused_on_a_body(node):
    raw = b"PATCH /settings HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    assert b"Json deserialize error: Content type error" in speak(node, raw)


@pytest.mark.parametrize(
    "raw", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n"]
)
def test_what_is_not_http_is_400_and_the_server_lives_on(node, raw):
    assert speak(node, raw).startswith(b"HTTP/1.1 400")
    assert ask(node, "GET", "/os").status == 200


def test_a_client_that_leaves_in_the_middle_harms_nobody(node):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(node)
        client.sendall(b"PATCH /settings HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
    assert ask(node, "GET", "/os").status == 200


@pytest.mark.parametrize("target", [b"/exec", b"ws://localhost/exec"])
def test_exec_is_handed_over_with_every_byte_read(node, doors, target):
    raw = (
        b"GET "
        + target
        + b" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nEXTRA"
    )
    assert speak(node, raw) == b""
    assert [("exec", True, raw)] == doors.asked


def test_exec_that_cannot_be_started_is_500(tmp_path):
    state = api_node.state(tmp_path, doors=api_node.Doors("Unable to start exec: no"))
    with api_node.serving(tmp_path, state) as path:
        raw = b"GET /exec HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = speak(path, raw, until=b"exec: no")
    assert answer.startswith(b"HTTP/1.1 500")


def test_many_connections_are_answered_in_turn(node):
    clients = []
    for _ in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(node)
        clients.append(client)
    try:
        for client in clients:
            client.sendall(b"GET /os HTTP/1.1\r\nHost: x\r\n\r\n")
        assert all(client.recv(65536).startswith(b"HTTP/1.1 200") for client in clients)
    finally:
        for client in clients:
            client.close()
