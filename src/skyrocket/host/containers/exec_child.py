"""The command in the container: `runc exec`, on pipes or on a terminal of ours.

Knows runc and file descriptors; neither what the client said nor how it is answered.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import tempfile
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

from skyrocket.host.containers.errors import ContainerError
from skyrocket.host.containers.places import runc_state
from skyrocket.host.containers.runc import RUNC

if TYPE_CHECKING:
    from skyrocket.host.containers.exec_model import Initialize, Size
    from skyrocket.host.containers.model import KindName

KINDS: tuple[KindName, ...] = ("host", "workload")
TERMINAL = "TERM=screen"
END_OF_INPUT = b"\x04"  # what a terminal's line discipline takes for the end
SIGNALLED = 128


class Child:
    """A running command. `output` and `input` are non-blocking; `input` is -1 once closed."""

    __slots__ = ("_pid_file", "_process", "_terminal", "ended", "input", "output")

    def __init__(self, asked: Initialize, root: str = "", runc: str = RUNC) -> None:
        """Start the command; raises OSError, or ContainerError when there is no such container."""
        state = find(asked.target, root)
        self._pid_file = tempfile.mkdtemp(prefix="exec-", dir=f"{root}/run/skyrocket") + "/pid"
        self._terminal = asked.tty is not None
        argv: list[bytes | str] = [runc, "--root", state, "exec", "--pid-file", self._pid_file]
        if self._terminal:
            argv += ["--tty", "--env", TERMINAL]
        argv += [asked.target, *asked.argv()]
        try:
            size = asked.tty.size if asked.tty else None
            self._process = self._on_terminal(argv, size) if asked.tty else self._on_pipes(argv)
        except BaseException:
            self._forget()
            raise
        self.ended = os.pidfd_open(self._process.pid)
        for descriptor in (self.input, self.output):
            os.set_blocking(descriptor, False)

    def _on_pipes(self, argv: list[bytes | str]) -> subprocess.Popen[bytes]:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        inner, self.input = os.pipe2(os.O_CLOEXEC)
        self.output = reader
        try:
            return subprocess.Popen(argv, stdin=inner, stdout=writer, stderr=writer, env=_CLEAN)
        finally:
            os.close(writer)
            os.close(inner)

    def _on_terminal(self, argv: list[bytes | str], size: Size | None) -> subprocess.Popen[bytes]:
        master, slave = os.openpty()
        _raw(slave)
        self.output, self.input = master, os.dup(master)
        if size is not None:
            _resize(master, size)
        try:
            return subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=_CLEAN)
        finally:
            os.close(slave)

    def resize(self, size: Size) -> None:
        """Tell the command that its terminal has another size."""
        if self._terminal:
            with suppress(OSError):
                _resize(self.output, size)
                self._process.send_signal(signal.SIGWINCH)

    def close_input(self) -> None:
        """Tell the command that nothing more comes."""
        if self.input < 0:
            return
        if self._terminal:
            with suppress(OSError):
                os.write(self.input, END_OF_INPUT)
        os.close(self.input)
        self.input = -1

    def status(self) -> int:
        """The exit status of the ended command; 128 + n when signal n ended it."""
        code = self._process.wait()
        return SIGNALLED - code if code < 0 else code

    def stop(self, grace: float = 2.0) -> None:
        """End the command and what it runs on: nobody listens any more."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            self._kill(number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self.close()

    def _kill(self, number: int) -> None:
        """Signal the process inside, while runc, its parent here, keeps its number from reuse."""
        with suppress(OSError, ValueError):
            with open(self._pid_file, encoding="ascii") as file:  # noqa: PTH123
                os.kill(int(file.read()), number)
            return
        self._process.send_signal(number)

    def close(self) -> None:
        """Give back every descriptor and file."""
        for descriptor in (self.input, self.output, self.ended):
            if descriptor >= 0:
                os.close(descriptor)
        self.input = self.output = self.ended = -1
        self._forget()

    def _forget(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._pid_file)  # noqa: PTH108
        with suppress(OSError):
            os.rmdir(os.path.dirname(self._pid_file))  # noqa: PTH106, PTH120


_CLEAN = {"PATH": "/usr/sbin:/usr/bin"}


def find(target: str, root: str = "") -> str:
    """The folder of runc's state that knows TARGET: host containers first, then workloads."""
    for kind in KINDS:
        state = runc_state(kind, root)
        if os.path.isdir(f"{state}/{target}"):  # noqa: PTH112
            return state
    raise ContainerError(
        f"cannot run a command in container {target}: it is not running",
        f"apiclient get settings.host-containers.{target}",
    )


def _resize(descriptor: int, size: Size) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", size.rows, size.cols, 0, 0))


def _raw(descriptor: int) -> None:
    """Leave echo and line editing to the terminal inside the container."""
    modes = termios.tcgetattr(descriptor)
    modes[0] = modes[1] = 0
    modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    termios.tcsetattr(descriptor, termios.TCSANOW, modes)
