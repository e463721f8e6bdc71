"""Progress: what a line says, and that silence is never long."""

import io
import json
import threading

from skyrocket.cli import terminal
from skyrocket.cli.terminal import State, Terminal, amount, duration, line


def test_amounts_are_for_people():
    """Bytes in powers of 1000, never '1000 kB'."""
    assert [amount(n) for n in (0, 999, 1000, 999_400, 999_600, 73_711_616, 2_910_846_976)] == [
        "0 B", "999 B", "1.0 kB", "999.4 kB", "1.0 MB", "73.7 MB", "2.91 GB",
    ]  # fmt: skip


def test_durations_are_for_people():
    """Minutes from one minute on."""
    assert [duration(s) for s in (0.4, 59.4, 60, 125)] == [
        "0 s",
        "59 s",
        "1 min 00 s",
        "2 min 05 s",
    ]


def test_a_download_says_bytes_rate_and_time_left():
    """What was there before the step began does not count for the rate."""
    state = State("fetch", 0.0, done=60_000_000, total=110_000_000, unit="B", first=10_000_000)
    assert line(state, 10.0) == "fetch  60.0 MB of 110.0 MB  5.0 MB/s  10 s left  10 s"


def test_counted_things_say_how_many():
    """Other units are counts."""
    assert line(State("unpack", 0.0, 3, 7, "packages"), 0.5) == "unpack  3 of 7 packages"


def test_without_a_terminal_there_are_plain_lines(monkeypatch):
    """Plain lines, again and again while a step lasts, and no escape sequence."""
    monkeypatch.setattr(terminal, "PLAIN_SECONDS", 0.01)
    stream = _Stream(lines=3)
    shown = Terminal(stream)
    shown.start()
    shown.step("build")
    assert stream.enough.wait(10)
    shown.close()
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().startswith("build\nbuild")


def test_a_note_stays_between_steps():
    """Notes are lines of their own, in order."""
    stream = io.StringIO()
    shown = Terminal(stream)
    shown.step("one")
    shown.note("port 8080 is taken")
    shown.step("two")
    shown.close()
    assert stream.getvalue() == "one\nport 8080 is taken\ntwo\n"


def test_a_reader_that_went_away_does_not_end_the_work():
    """A closed standard error raises nothing in the caller."""

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, json.dumps(text))

    shown = Terminal(Closed())
    shown.step("one")
    shown.note("two")
    shown.close()


class _Stream(io.StringIO):
    """Says when enough lines were written."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.enough = threading.Event()
        self._lines = lines

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.getvalue().count("\n") >= self._lines:
            self.enough.set()
        return written
