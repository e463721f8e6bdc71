"""A command that runs in a container of the node, with our standard input and output.

The rules of Bottlerocket's exec: messages of standard input only while the node has room for
them, a ping every two seconds, an end after ten silent ones, the exit code as the reason of a
normal close.
"""

import _signal  # type: ignore[import-not-found]  # `signal` brings `enum`
import posix
import select
from time import monotonic

from skyrocket.client import jsontext, terminal, websocket
from skyrocket.client.connection import connect
from skyrocket.client.errors import ClientError, ConnectError, StatusError

PATH = "/exec"
PING_SECONDS = 2.0
SILENCE_SECONDS = 10.0
_PIECE = 4096
_HEAD = 64 * 1024


class Session:
    """One exec, from handshake to exit code."""

    def __init__(self, socket: str) -> None:
        self._connection = connect(socket)
        self._reader = websocket.Reader()
        self._sent = 0
        self._written = 0
        self._room = 0
        self._input_open = True
        self._heard = self._pinged = monotonic()

    def run(self, target: str, command: "list[bytes]", *, tty: bool) -> int:
        """Run COMMAND in TARGET -> its exit code."""
        try:
            self._shake_hands()
            self._say(initialize(target, command, tty=tty))
            if not tty:
                return self._talk(-1)
            with terminal.Raw(), _SizeChanges() as changes:
                return self._talk(changes)
        except OSError as error:
            raise ConnectError(f"Failed exec: {error.strerror or error}") from None
        finally:
            self._connection.close()

    def _shake_hands(self) -> None:
        self._connection.sendall(websocket.opening(PATH))
        raw = b""
        while b"\r\n\r\n" not in raw and len(raw) < _HEAD:
            piece = self._connection.recv(_PIECE)
            if not piece:
                break
            raw += piece
        head, _, rest = raw.partition(b"\r\n\r\n")
        status = head[9:12]
        if not status.isdigit():
            raise ConnectError("Failed exec: the node did not answer the handshake")
        if status != b"101":
            raise StatusError("GET", PATH, int(status), rest.decode("utf-8", "replace"))
        self._reader.feed(rest)

    def _talk(self, changes: int) -> int:
        while True:
            while (message := self._reader.message()) is not None:
                code = self._handle(*message)
                if code is not None:
                    return code
            ready = self._wait(changes)
            if self._connection.fileno() in ready:
                self._receive()
            if 0 in ready:
                self._forward_input()
            if changes in ready:
                posix.read(changes, 64)
                self._say(compact_size("Winch"))
            self._keep_alive()

    def _wait(self, changes: int) -> "dict[int, int]":
        poll = select.poll()
        poll.register(self._connection.fileno(), select.POLLIN)
        if self._input_open and self._sent - self._written < self._room:
            poll.register(0, select.POLLIN)
        if changes >= 0:
            poll.register(changes, select.POLLIN)
        return dict(poll.poll(PING_SECONDS * 1000))

    def _receive(self) -> None:
        piece = self._connection.recv(65536)
        if not piece:
            raise ClientError("Failed exec: the node closed the connection")
        self._heard = monotonic()
        self._reader.feed(piece)

    def _handle(self, opcode: int, payload: bytes) -> "int | None":
        """Act on one message -> the exit code when it was the last."""
        if opcode == websocket.BINARY:
            _write_all(payload)
        elif opcode == websocket.TEXT:
            self._note_capacity(payload)
        elif opcode == websocket.PING:
            self._send(websocket.frame(websocket.PONG, payload))
        elif opcode == websocket.CLOSE:
            code, reason = websocket.close_reason(payload)
            self._send(websocket.frame(websocket.CLOSE, payload[:2]))
            if code == 1000 and reason.isdigit():
                return int(reason)
            raise ClientError(f"Failed exec: {reason or f'closed with code {code}'}")
        return None

    def _note_capacity(self, payload: bytes) -> None:
        try:
            capacity = jsontext.parse(payload.decode("utf-8", "replace"))["Capacity"]
            self._room = int(capacity["max_messages_outstanding"])
            self._written = int(capacity["messages_written"])
        except (jsontext.NotJsonError, KeyError, TypeError, ValueError):
            raise ClientError("Failed exec: the node sent an unknown message") from None

    def _forward_input(self) -> None:
        piece = posix.read(0, _PIECE)
        if piece:
            self._send(websocket.frame(websocket.BINARY, piece))
            self._sent += 1
        else:
            self._input_open = False
            self._say('"ContentComplete"')

    def _keep_alive(self) -> None:
        now = monotonic()
        if now - self._heard > SILENCE_SECONDS:
            raise ClientError(f"Failed exec: nothing from the node for {SILENCE_SECONDS:.0f} s")
        if now - self._pinged >= PING_SECONDS:
            self._pinged = now
            self._send(websocket.frame(websocket.PING, b""))

    def _send(self, content: bytes) -> None:
        """Send, unless the node has gone: what it said before, the exit code, is still to read."""
        try:
            self._connection.sendall(content)
        except (BrokenPipeError, ConnectionResetError):
            self._input_open = False

    def _say(self, text: str) -> None:
        self._send(websocket.frame(websocket.TEXT, text.encode()))


def initialize(target: str, command: "list[bytes]", *, tty: bool) -> str:
    """The first message: what to run where, and in what terminal."""
    asked: dict[str, object] = {
        "command": [{"Unix": list(word)} for word in command],
        "target": target,
        "tty": {"size": _size()} if tty else None,
    }
    return jsontext.compact({"Initialize": asked})


def compact_size(name: str) -> str:
    """A message NAME that carries the terminal's size."""
    return jsontext.compact({name: _size() or {"rows": 24, "cols": 80}})


def _size() -> "dict[str, int] | None":
    found = terminal.size()
    return {"rows": found[0], "cols": found[1]} if found else None


def _write_all(content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[posix.write(1, view) :]


class _SizeChanges:
    """A descriptor that becomes readable whenever the terminal's size changes."""

    def __enter__(self) -> int:
        self._read, self._write = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        _signal.signal(_signal.SIGWINCH, lambda *_: None)
        _signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self._read

    def __exit__(self, *_: object) -> None:
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGWINCH, _signal.SIG_DFL)
        posix.close(self._read)
        posix.close(self._write)
