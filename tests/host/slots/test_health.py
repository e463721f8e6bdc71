"""When a boot is good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.slots import health
from skyrocket.host.slots.health import Facts, faults
from skyrocket.host.slots.record import Records

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_good_boot() -> None:
    """The API answers and nothing essential failed."""
    assert faults(Facts(api=True, failed=())) == []


def test_every_fault_is_named() -> None:
    """All that speaks against a boot is said at once."""
    assert faults(Facts(api=False, failed=("containerd.service",))) == [
        "the API does not answer GET /os",
        "containerd.service has failed",
    ]


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
