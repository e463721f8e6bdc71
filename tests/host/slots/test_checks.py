"""Checks that the node's user declared, against real servers on loopback and a real program."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from skyrocket.host.slots import checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers with the statuses of the server, the last one for ever."""

    def do_GET(self) -> None:
        statuses: list[int] = self.server.statuses  # type: ignore[attr-defined]
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A test's output stays quiet."""


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def web(server: http.server.HTTPServer, *statuses: int, retries: int = 1) -> str:
    server.statuses = list(statuses)  # type: ignore[attr-defined]
    url = f"http://127.0.0.1:{server.server_port}/"
    return checks.passes({"kind": "http", "url": url, "retries": retries}, pause=0)


def test_a_page_must_be_there(server: http.server.HTTPServer) -> None:
    assert web(server, 200) == ""
    assert web(server, 503, 200) == ""
    assert web(server, 503, 503, 200).endswith("answers with status 503, 2 attempts")
    assert web(server, 503, retries=0).endswith("answers with status 503, 1 attempts")


def test_a_port_must_be_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        assert checks.passes({"kind": "tcp", "address": address}) == ""
    trouble = checks.passes({"kind": "tcp", "address": address, "retries": 0})
    assert "refused" in trouble


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of apiclient that notes its words and ends as it is told."""
    program = tmp_path / "apiclient"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/words\nexec sh {tmp_path}/body\n')
    program.chmod(0o755)
    monkeypatch.setattr(checks, "APICLIENT", str(program))
    return tmp_path


COMMAND: dict[str, Any] = {
    "kind": "command", "container": "admin", "command": ["test", "-e", "/ok"], "retries": 1
}  # fmt: skip


def test_a_command_in_a_container_must_end_well(client: Path) -> None:
    (client / "body").write_text("exit 0")
    assert checks.passes(COMMAND) == ""
    assert (client / "words").read_text() == "exec -T admin -- test -e /ok\n"
    (client / "body").write_text("echo it is not there >&2; exit 3")
    trouble = checks.passes(COMMAND, pause=0)
    assert "exit status 3: it is not there" in trouble
    assert trouble.endswith(", 2 attempts")


def test_a_check_that_hangs_is_over_at_its_deadline(client: Path) -> None:
    (client / "body").write_text("exec sleep 60")
    trouble = checks.passes({**COMMAND, "deadline": 1, "retries": 1000}, pause=0)
    assert trouble.endswith("its time is over after 1 attempts")


def test_what_came_of_each_is_left_for_health(
    client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (client / "body").write_text("exit 0")
    declared = {"own": COMMAND, "odd": {"kind": "smell", "retries": 0}}
    (client / "declared").write_text(json.dumps({"deadline": None, "checks": declared}))
    monkeypatch.setattr(checks, "DECLARED", str(client / "declared"))
    monkeypatch.setattr(checks, "RESULTS", str(client / "results"))
    assert checks.main([]) == 0
    assert json.loads((client / "results").read_text()) == {
        "own": {"state": "met", "said": ""},
        "odd": {"state": "broken", "said": "there is no kind of check called smell, 1 attempts"},
    }
