import os
import pty
import subprocess
import sys

import pytest
from fakes.exec_service import ExecService
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.client import jsontext, session, terminal, websocket
from skyrocket.client.errors import ClientError
from skyrocket.client.verbs import exec as verb

CLIENT = [sys.executable, "-m", "skyrocket.client.cli"]


def run(tmp_path, *words, stdin=b"", service=None, **options):
    """The client as a program of its own: its standard input and output are descriptors."""
    path = str(tmp_path / "api.sock")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with ExecService(path, **(service or {})) as node:
        done = subprocess.run(
            [*CLIENT, "-s", path, "exec", *words],
            input=stdin, capture_output=True, env=environment, timeout=30, check=False, **options,
        )  # fmt: skip
    return done, node


def test_output_and_exit_code_are_those_of_the_command(tmp_path):
    done, node = run(tmp_path, "-T", "admin", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\nerr\n", b"")
    assert node.initialized["target"] == "admin"
    assert node.initialized["tty"] is None


def test_standard_input_reaches_the_command_whole(tmp_path):
    content = os.urandom(300_000)
    done, _ = run(tmp_path, "admin", "cat", stdin=content)
    assert (done.returncode, done.stdout) == (0, content)


def test_input_waits_for_room(tmp_path):
    content = os.urandom(40_000)
    done, _ = run(tmp_path, "admin", "cat", stdin=content, service={"room": 1})
    assert done.stdout == content


def test_options_after_two_dashes_are_the_commands_own(tmp_path):
    done, _ = run(tmp_path, "admin", "--", "echo", "-s", "-v", "--", "x")
    assert done.stdout == b"-s -v -- x\n"


def test_arguments_are_bytes(tmp_path):
    done, _ = run(tmp_path, "admin", "printf", "%s", os.fsdecode(b"\xff\xc3\xa4"))
    assert done.stdout == b"\xff\xc3\xa4"


@pytest.mark.parametrize(
    ("close", "text"),
    [
        ((1011, "failed to spawn process"), b"Failed exec: failed to spawn process\n"),
        ((1009, "write buffer full"), b"Failed exec: write buffer full\n"),
        ((1000, "x"), b"Failed exec: x\n"),
        ((1001, ""), b"Failed exec: closed with code 1001\n"),
    ],
)  # fmt: skip
def test_a_close_that_is_no_exit_code_is_an_error(tmp_path, close, text):
    done, _ = run(tmp_path, "admin", "true", service={"refuse": close})
    assert (done.returncode, done.stderr) == (1, text)


@pytest.mark.parametrize(
    ("words", "parsed"),
    [
        (["admin", "ls", "-t"], (None, "admin", ["ls", "-t"])),
        (["-t", "admin", "ls"], (True, "admin", ["ls"])),
        (["-T", "--", "admin", "ls"], (False, "admin", ["ls"])),
        (["admin", "--", "ls", "--"], (None, "admin", ["ls", "--"])),
    ],
)
def test_the_line_is_options_target_command(words, parsed):
    assert verb.parse(words) == parsed


def test_the_first_message_has_arguments_as_lists_of_bytes():
    text = session.initialize("admin", [b"ls", b"\xff"], tty=False)
    wanted = {"command": [{"Unix": [108, 115]}, {"Unix": [255]}], "target": "admin", "tty": None}
    assert jsontext.parse(text) == {"Initialize": wanted}


def test_a_raw_terminal_passes_bytes_and_is_restored():
    import termios

    ours, theirs = pty.openpty()
    try:
        before = termios.tcgetattr(theirs)
        cooked = terminal.ioctl(theirs, terminal._TCGETS, bytes(terminal._TERMIOS_BYTES))
        terminal.ioctl(theirs, terminal._TCSETSW, terminal.raw_mode(cooked))
        raw = termios.tcgetattr(theirs)
        assert not raw[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
        assert not raw[0] & (termios.ICRNL | termios.IXON)
        assert not raw[1] & termios.OPOST
        assert raw[6][termios.VMIN] in (1, b"\x01")
        terminal.ioctl(theirs, terminal._TCSETSW, cooked)
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)


@given(st.binary(max_size=70_000), st.integers(0, 200_000))
def test_frames_are_read_however_they_are_cut(payload, cut):
    raw = _unmasked(websocket.BINARY, payload) + _unmasked(websocket.PING, b"x")
    reader = websocket.Reader()
    reader.feed(raw[:cut])
    found = [reader.message() for _ in range(2)]
    reader.feed(raw[cut:])
    found += [reader.message() for _ in range(3)]
    assert [each for each in found if each] == [(2, payload), (9, b"x")]


def _unmasked(opcode, payload):
    """A server's frame, made from a client's by taking the mask off."""
    from websockets.frames import Frame, Opcode

    return Frame(Opcode(opcode), payload).serialize(mask=False)


def test_a_fragmented_message_is_joined():
    from websockets.frames import Frame, Opcode

    reader = websocket.Reader(
        Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=False)
        + Frame(Opcode.PING, b"").serialize(mask=False)
        + Frame(Opcode.CONT, b"b").serialize(mask=False)
    )
    assert [reader.message(), reader.message(), reader.message()] == [(9, b""), (1, b"ab"), None]


def test_a_masked_frame_from_a_server_is_refused():
    with pytest.raises(ClientError, match="malformed"):
        websocket.Reader(websocket.frame(websocket.TEXT, b"x")).message()
