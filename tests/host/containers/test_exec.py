"""Exec connections, seen by a foreign WebSocket client and by our own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from host.containers.exec_server import ExecServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import unix_connect

if TYPE_CHECKING:
    from collections.abc import Iterator

SRC = Path(__file__).parents[3] / "src"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ExecServer]:
    with ExecServer(tmp_path) as running:
        yield running


def connect(server: ExecServer) -> Any:
    return unix_connect(server.path, uri="ws://localhost/exec", compression=None)


def initialize(*command: str | bytes, target: str = "admin", tty: object = None) -> str:
    words = [{"Unix": list(os.fsencode(word))} for word in command]
    return json.dumps({"Initialize": {"command": words, "target": target, "tty": tty}})


def finish(client: Any) -> tuple[bytes, list[dict[str, Any]], int, str]:
    """Output, capacities, close code and reason."""
    seen: list[str | bytes] = []
    with pytest.raises(ConnectionClosed) as ended:
        seen.extend(iter(lambda: client.recv(timeout=15), None))
    output = b"".join(one for one in seen if isinstance(one, bytes))
    capacities = [json.loads(one)["Capacity"] for one in seen if isinstance(one, str)]
    close = ended.value.rcvd
    assert close is not None
    return output, capacities, close.code, close.reason


def run(server: ExecServer, *command: str | bytes, **options: Any) -> tuple[bytes, int, str]:
    with connect(server) as client:
        client.send(initialize(*command, **options))
        output, _, code, reason = finish(client)
    return output, code, reason


def test_output_and_exit_status(server: ExecServer) -> None:
    """Both outputs come back in one stream and the exit status as the reason of a normal close."""
    script = "printf out; printf err >&2; exit 7"
    assert run(server, "sh", "-c", script) == (b"outerr", 1000, "7")


def test_capacity_is_announced_first(server: ExecServer) -> None:
    """Before anything is asked the client hears how far it may run ahead."""
    with connect(server) as client:
        first = json.loads(client.recv(timeout=10))
    assert first == {"Capacity": {"max_messages_outstanding": 1024, "messages_written": 0}}


def test_input_reaches_the_command(server: ExecServer) -> None:
    """Binary messages are the command's input and ContentComplete is its end."""
    with connect(server) as client:
        client.send(initialize("wc", "-c"))
        for _ in range(300):
            client.send(b"0123456789")
        client.send('"ContentComplete"')
        output, capacities, code, reason = finish(client)
    assert (output.strip(), code, reason) == (b"3000", 1000, "0")
    assert [one["messages_written"] for one in capacities] == [0, 128, 256]


def test_arguments_may_be_any_bytes(server: ExecServer) -> None:
    """Arguments arrive byte for byte, valid text or not."""
    assert run(server, "printf", "%s\\n", b"\xff\xfea b") == (b"\xff\xfea b\n", 1000, "0")


def test_signal_is_128_and_its_number(server: ExecServer) -> None:
    """A command that a signal ends has 128 + the signal's number as its status."""
    assert run(server, "sh", "-c", "kill -KILL $$") == (b"", 1000, "137")


def test_large_output_arrives_whole(server: ExecServer) -> None:
    """Output that comes faster than the client reads is neither lost nor kept in memory."""
    output, code, reason = run(server, "head", "-c", "5000000", "/dev/zero")
    assert (len(output), code, reason) == (5_000_000, 1000, "0")


def test_terminal_has_the_size_asked_for(server: ExecServer) -> None:
    """A command with a terminal sees its size, and hears of changes."""
    script = "stty size; trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.05; done"
    with connect(server) as client:
        client.recv(timeout=10)
        tty = {"size": {"rows": 31, "cols": 101}}
        client.send(initialize("sh", "-c", script, tty=tty))
        seen = b""
        while b"ready" not in seen:
            seen += client.recv(timeout=10)
        client.send('{"Winch":{"rows":40,"cols":120}}')
        output, _, code, reason = finish(client)
    assert (
        (seen + output).decode().split(),
        code,
        reason,
    ) == (["31", "101", "ready", "40", "120"], 1000, "3")


def test_terminal_is_named_screen(server: ExecServer) -> None:
    """With a terminal TERM is set and nothing else of the node's environment is there."""
    output, _, _ = run(server, "env", tty={"size": None})
    names = {line.split("=")[0] for line in output.decode().split()}
    assert b"TERM=screen" in output
    assert {"PATH", "TERM"} <= names <= {"PATH", "TERM", "PWD", "SHLVL", "_"}


def test_background_process_does_not_hold_the_connection(server: ExecServer) -> None:
    """The connection ends with the command, not with what it left running."""
    started = time.monotonic()
    assert run(server, "sh", "-c", "sleep 30 & echo done") == (b"done\n", 1000, "0")
    assert time.monotonic() - started < 15


def test_client_that_leaves_ends_the_command(server: ExecServer, tmp_path: Path) -> None:
    """A command whose client is gone is ended."""
    mark = tmp_path / "pid"
    with connect(server) as client:
        client.send(initialize("sh", "-c", f"echo $$ > {mark}; echo up; sleep 60"))
        client.recv(timeout=10)
        while client.recv(timeout=10) != b"up\n":
            pass
    server.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert list((tmp_path / "run/skyrocket").glob("exec-*")) == []


def test_command_that_ignores_the_end_is_killed(server: ExecServer, tmp_path: Path) -> None:
    """Who ignores SIGTERM is killed after a short grace."""
    mark = tmp_path / "pid"
    with connect(server) as client:
        script = f"trap '' TERM; echo $$ > {mark}; echo up; while :; do sleep 0.1; done"
        client.send(initialize("sh", "-c", script))
        client.recv(timeout=10)
        while client.recv(timeout=10) != b"up\n":
            pass
    server.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_workloads_can_be_entered_too(server: ExecServer, tmp_path: Path) -> None:
    """A target that is no host container is looked for among the workloads."""
    run(server, "true", target="demo")
    assert f"--root {tmp_path}/run/skyrocket/runc/workload exec" in (tmp_path / "calls").read_text()


def test_unknown_target(server: ExecServer) -> None:
    """A container that does not run is an error on the command's output, with status 1."""
    output, code, reason = run(server, "true", target="nothere")
    assert (code, reason) == (1000, "1")
    assert output == b"cannot run a command in container nothere: it is not running\n"


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [
        ([b"x"], 1008, "process data sent before initialization"),
        (['"ContentComplete"'], 1008, "ContentComplete sent before initialization"),
        (["{"], 1007, "invalid JSON in client message"),
        ([json.dumps({"Initialize": {"command": [], "target": "admin"}})], 1007, "invalid JSON"),
        ([initialize("true", target="../admin")], 1007, "invalid JSON"),
        ([initialize("sleep", "9"), initialize("true")], 1008, "already initialized"),
        ([b"x" * 70000], 1009, "message larger than 64 KiB"),
    ],
)
def test_broken_rules(server: ExecServer, sent: list[Any], code: int, reason: str) -> None:
    """Each broken rule closes the connection with its own code and reason."""
    with connect(server) as client:
        for message in sent:
            client.send(message)
        _, _, got, why = finish(client)
    assert code == got
    assert reason in why


def test_fragments_are_refused(server: ExecServer) -> None:
    """A message in several frames is refused."""
    with connect(server) as client:
        client.send(initialize("cat"))
        client.send(iter([b"a", b"b"]))
        _, _, code, reason = finish(client)
    assert (code, reason) == (1003, "Continuation messages not supported")


def test_client_that_ignores_capacity(server: ExecServer) -> None:
    """Who sends more than the command takes, past the announced room, is cut off."""
    with connect(server) as client:
        client.send(initialize("sleep", "30"))
        flood = (client.send(b"x" * 200) for _ in range(3000))
        with pytest.raises(ConnectionClosed):
            list(flood)
        _, _, code, reason = finish(client)
    assert (code, reason) == (1009, "write buffer full; obey capacity updates")


def test_handshake_as_the_upstream_client_sends_it(server: ExecServer) -> None:
    """The key without padding and the absolute target are accepted."""
    head = (
        b"GET ws://localhost/exec HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(server.path)
        client.sendall(head)
        assert client.recv(65536).startswith(b"HTTP/1.1 101 ")


def masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame; a mask of zeros leaves the payload readable."""
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def test_a_ping_behind_the_end_is_not_answered(server: ExecServer) -> None:
    """A client that pings while the close is on its way still gets the close."""
    request = (
        b"GET /exec HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    asked = masked(1, initialize("ls", target="nothere").encode())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(server.path)
        client.sendall(request + asked + masked(9, b""))
        seen = b""
        while not seen.endswith(b"\x88\x03\x03\xe81") and (data := client.recv(65536)):
            seen += data
        client.sendall(masked(8, b"\x03\xe8"))
        assert client.recv(100) == b""
    assert b"it is not running" in seen


def test_plain_request_is_answered_400(server: ExecServer) -> None:
    """A request that wants no WebSocket gets an HTTP error, not a hanging connection."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(server.path)
        client.sendall(b"GET /exec HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while data := client.recv(65536):
            answer += data
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_silent_client_is_dropped(server: ExecServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that answers no ping is dropped and its command ended."""
    monkeypatch.setattr("skyrocket.host.containers.exec_session.SILENCE", 0.4)
    monkeypatch.setattr("skyrocket.host.containers.exec_session.PING_EVERY", 0.1)
    request = (
        b"GET /exec HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(server.path)
        client.sendall(request)
        seen = b""
        while data := client.recv(65536):
            seen += data
    assert seen.count(b"\x89\x00") >= 2


def test_our_own_client(server: ExecServer) -> None:
    """`apiclient exec` gets output and exit code through the same connection."""
    program = "import sys; from skyrocket.client.cli import main; sys.exit(main(sys.argv))"
    words = ["-s", server.path, "exec", "-T", "admin", "sh", "-c", "cat; exit 5"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        input=b"hello",
        capture_output=True,
        timeout=30,
        check=False,
        env={"PYTHONPATH": str(SRC), "PATH": os.environ["PATH"]},
    )
    assert (done.stdout, done.returncode) == (b"hello", 5), done.stderr


def test_a_command_that_cannot_be_started_is_1011(tmp_path: Path) -> None:
    """The program that enters containers is not there: said as an error of ours, not a status."""
    with ExecServer(tmp_path) as server:
        server.runc = str(tmp_path / "none")
        output, code, reason = run(server, "true")
    assert (output, code) == (b"", 1011)
    assert reason == "failed to spawn process: No such file or directory"
