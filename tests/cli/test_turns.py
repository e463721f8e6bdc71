"""Two builds in one cache take turns."""

from __future__ import annotations

import fcntl
import threading

import pytest

from skyrocket.cli import explain, turns
from skyrocket.models.progress import Silent
from skyrocket.sandbox import ProgramError


class Told(Silent):
    def __init__(self) -> None:
        self.said = threading.Event()

    def step(self, name: str) -> None:
        if "another build" in name:
            self.said.set()


def test_the_second_build_says_that_it_waits_and_goes_on_when_the_first_is_done(
    monkeypatch, tmp_path
):
    """It neither fails nor works beside the first."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told, entered = Told(), threading.Event()

    def second() -> None:
        with turns.mine(told):
            entered.set()

    thread = threading.Thread(target=second, daemon=True)
    with turns.mine(Silent()):
        thread.start()
        assert told.said.wait(10)
        assert not entered.is_set()
    assert entered.wait(10)
    thread.join(10)


def test_a_build_that_failed_gives_its_turn_back(monkeypatch, tmp_path):
    """However it ended."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(KeyboardInterrupt), turns.mine(Silent()):
        raise KeyboardInterrupt
    with (tmp_path / "skyrocket/steps/.turn").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_program_that_met_a_full_disk_has_a_way_out():
    """The sandbox's error knows only what the program said."""
    error = ProgramError(["mkfs"], 1, "write: No space left on device")
    assert "  way out: free some disk space" in "\n".join(explain.lines(error))
