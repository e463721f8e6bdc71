"""Shows progress: one living line on a terminal, plain lines elsewhere, never five silent seconds.

Everything goes to standard error, so that standard output holds results alone. Knows nothing of
the tasks that report. Standard library only: the root script shows downloads with it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

LIVE_SECONDS = 0.2
PLAIN_SECONDS = 4.0
RATE_SECONDS = 1.0


class State(NamedTuple):
    """Where a step stands; BEGAN and NOW in seconds of one clock, FIRST is what was there then."""

    name: str
    began: float
    done: int = 0
    total: int | None = None
    unit: str = ""
    first: int = 0


def amount(size: float) -> str:
    """Bytes for people, in powers of 1000: '12.3 MB'."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def duration(seconds: float) -> str:
    """'8 s', '2 min 05 s'."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def line(state: State, now: float) -> str:
    """What to say about a step: how far, how fast, how long still."""
    passed = now - state.began
    parts = [state.name]
    if state.unit == "B":
        of = f" of {amount(state.total)}" if state.total else ""
        parts.append(amount(state.done) + of)
        fresh = state.done - state.first
        if fresh > 0 and passed >= RATE_SECONDS:
            rate = fresh / passed
            parts.append(f"{amount(rate)}/s")
            if state.total and state.total > state.done:
                parts.append(f"{duration((state.total - state.done) / rate)} left")
    elif state.unit:
        of = f" of {state.total}" if state.total else ""
        parts.append(f"{state.done}{of} {state.unit}")
    if passed >= RATE_SECONDS:
        parts.append(duration(passed))
    return "  ".join(parts)


class Terminal:
    """A `models.progress.Reporter` that writes to STREAM."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty() and os.environ.get("TERM") not in {None, "", "dumb"}
        self._guard = threading.Lock()
        self._state: State | None = None
        self._said = 0.0
        self._ended = threading.Event()
        self._beat = threading.Thread(target=self._keep_talking, daemon=True)

    def step(self, name: str) -> None:
        with self._guard:
            self._finish()
            self._state = State(name, time.monotonic())
            self._say(line(self._state, self._state.began))

    def advance(self, done: int, total: int | None = None, unit: str = "B") -> None:
        with self._guard:
            if self._state is None:
                return
            first = self._state.first if self._state.unit else done
            self._state = self._state._replace(done=done, total=total, unit=unit, first=first)

    def note(self, text: str) -> None:
        with self._guard:
            self._clear()
            self._write(f"{text}\n")

    def close(self) -> None:
        """The last step is over; nothing more is written."""
        self._ended.set()
        with self._guard:
            self._finish()
            self._state = None

    def start(self) -> None:
        self._beat.start()

    def _keep_talking(self) -> None:
        every = LIVE_SECONDS if self._live else 0.5
        while not self._ended.wait(every):
            with self._guard:
                now = time.monotonic()
                if self._state is not None and (self._live or now - self._said >= PLAIN_SECONDS):
                    self._say(line(self._state, now))

    def _finish(self) -> None:
        """Leave the last word of a step on the terminal."""
        if self._state is None:
            return
        now = time.monotonic()
        if self._live:
            self._clear()
            self._write(f"{line(self._state, now)}\n")
        elif now - self._state.began >= PLAIN_SECONDS:
            self._write(f"{line(self._state, now)}  done\n")

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        if self._live:
            self._clear()
            self._write(text[: _width() - 1])
        else:
            self._write(f"{text}\n")

    def _clear(self) -> None:
        if self._live:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # the reader of our output is gone; the work goes on
            self._live = False


def _width() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Terminal]:
    """A terminal that talks until the block ends."""
    terminal = Terminal(stream)
    terminal.start()
    try:
        yield terminal
    finally:
        terminal.close()
