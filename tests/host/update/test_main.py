"""The verb `update`: a request is answered at once, and while a command runs others are refused."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from skyrocket.host.update import main, memory
from skyrocket.host.update.facts import Facts, Settings
from skyrocket.models.api import UpdateAnswer
from skyrocket.models.update_status import Image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> main.Desk:
    """A node whose commands touch a folder of this test."""
    image = Image("x86_64", "1.0.0", "vm-dev")
    folder, private = str(tmp_path / "update"), str(tmp_path)
    facts = Facts(Settings(), image, "aa" * 32, "b", ("aa" * 32,), folder, private)
    lock = str(tmp_path / "lock")
    monkeypatch.setattr(main.facts, "read", lambda: facts)
    honest = memory.hold
    monkeypatch.setattr(memory, "hold", lambda: honest(lock))
    return main.Desk()


def ask(desk: main.Desk, line: bytes) -> UpdateAnswer:
    return msgspec.json.decode(desk.answer(line), type=UpdateAnswer)


def test_a_command_is_started_and_its_outcome_is_kept(desk: main.Desk, tmp_path: Path) -> None:
    assert ask(desk, b'{"command":"refresh"}') == UpdateAnswer(ok=True)
    assert desk.job is not None
    desk.job.join()
    kept = memory.read(str(tmp_path / "update"))
    assert kept is not None
    assert kept.status.most_recent_command is not None
    assert kept.status.most_recent_command.cmd_status == "Failed"  # no repository is set
    assert not memory.held(str(tmp_path / "lock"))


def test_while_a_command_runs_another_is_refused(
    desk: main.Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(main.commands, "carry_out", lambda *_: go.wait(20))
    assert ask(desk, b'{"command":"refresh"}').ok
    assert desk.busy()
    held = UpdateAnswer(ok=False, status=423, error="Update lock held")
    assert ask(desk, b'{"command":"refresh"}') == held
    go.set()
    assert desk.job is not None
    desk.job.join()
    assert ask(desk, b'{"command":"refresh"}').ok
    desk.job.join()


def test_a_command_that_may_not_run_leaves_the_lock(desk: main.Desk) -> None:
    assert ask(desk, b'{"command":"activate"}').status == 409
    assert ask(desk, b'{"command":"activate"}').status == 409


@pytest.mark.parametrize("line", [b"", b"{}", b'{"command":"format"}', b"\xff"])
def test_what_is_no_request_is_refused(desk: main.Desk, line: bytes) -> None:
    assert ask(desk, line).status == 500
