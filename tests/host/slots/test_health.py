"""What health leaves behind: reasons, an orderly end, a try that is given back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from skyrocket.host.slots import health
from skyrocket.host.slots.record import Records

if TYPE_CHECKING:
    from pathlib import Path


def test_a_failed_essential_unit_leaves_its_reason_for_the_next_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How systemd says the unit ended is kept; a good end leaves nothing."""
    monkeypatch.setattr(health, "PRIVATE", str(tmp_path))
    records = Records(str(tmp_path))
    records.write(records.read())
    monkeypatch.setenv("SERVICE_RESULT", "success")
    assert health.main(["failed", "a.service"]) == 0
    assert records.take_reason() == ""
    monkeypatch.setenv("SERVICE_RESULT", "exit-code")
    monkeypatch.setenv("EXIT_STATUS", "203")
    assert health.main(["failed", "a.service"]) == 0
    assert records.take_reason() == "a.service failed: exit-code, status 203"


@pytest.mark.parametrize(
    ("said", "asked", "given"),
    [
        ({"trial": True, "healthy": None}, True, True),
        ({"trial": True, "healthy": None}, False, False),
        ({"trial": True, "healthy": False}, True, False),
        ({"trial": True, "healthy": True}, True, False),
        ({"trial": False, "healthy": None}, True, False),
    ],
)
def test_only_a_restart_that_was_asked_for_before_the_verdict_gives_the_try_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, Any],
    *,
    asked: bool,
    given: bool,
) -> None:
    done = []
    monkeypatch.setattr(health, "PRIVATE", str(tmp_path))
    monkeypatch.setattr(health, "STATE_FILE", str(tmp_path / "health.json"))
    monkeypatch.setattr(health, "ASKED", str(tmp_path / "asked"))
    monkeypatch.setattr(health.units, "stopping", lambda: True)
    monkeypatch.setattr(health.bless, "give_back", lambda _: done.append("given") or "once more")
    (tmp_path / "health.json").write_text(json.dumps(said))
    if asked:
        (tmp_path / "asked").touch()
    assert health.main(["stopped"]) == 0
    assert done == ["given"] * given
    assert Records(str(tmp_path)).read().stage == "stopped"


def test_a_judge_that_ends_while_the_node_goes_on_says_nothing_of_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PRIVATE", str(tmp_path))
    monkeypatch.setattr(health.units, "stopping", lambda: False)
    assert health.main(["stopped"]) == 0
    assert Records(str(tmp_path)).read().stage == ""
