"""Long-lived processes of the lab (QEMU, the registry): start detached, know again, end.

They outlive the command that started them, so they are recognised by process id *and* start
time; a process that merely has the same id is never touched.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.models.node import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

STEP = 0.1  # seconds between two looks at a condition


def start(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Process:
    """Start ARGV in a session of its own, so that Ctrl-C here does not reach it."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=env,
        )
    # Nobody waits for it: without this the interpreter warns about a child that still runs.
    child.returncode = 0
    return Process(child.pid, _start_time(child.pid) or 0)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, so that no process is started and forgotten."""
    came = False

    def remember(_number: int, _frame: object) -> None:
        nonlocal came
        came = True

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def alive(process: Process | None) -> bool:
    """Is it still that very process, and not one that died or only has its id."""
    if process is None:
        return False
    _reap(process.pid)
    return process.start != 0 and _start_time(process.pid) == process.start


def end(process: Process | None, patience: float = 5.0) -> None:
    """Ask it to end, then make it."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process is None or not alive(process):
            return
        os.kill(process.pid, sign)
        wait_for(lambda: not alive(process), patience)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Look until CONDITION holds; False when the time is over first."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP)
    return True


def _start_time(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's name stands in parentheses and may hold anything; state and numbers follow.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
