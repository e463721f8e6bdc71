"""Every write of an update is recorded; of the disks that a power cut may leave, four boot a day.

Which four follows from the date. `scripts/prove updates` boots twenty, and seeds bugs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from updates import boots, prove, real, record

if TYPE_CHECKING:
    from pathlib import Path

    from boot.machine import Rack
    from updates.examine import Report
    from updates.real import Recording

pytestmark = [pytest.mark.boot, pytest.mark.proof]  # records for minutes, and boots four times

BOOTS = 4


@pytest.fixture(scope="module")
def recording(rack: Rack, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    place = tmp_path_factory.mktemp("writes") / "recording"
    record.record(rack, place)
    return real.opened(place)


@pytest.fixture(scope="module")
def today() -> int:
    return datetime.now(UTC).toordinal()


@pytest.fixture(scope="module")
def report(recording: Recording, today: int) -> Report:
    return prove.examined(recording, today)


def test_every_disk_that_a_power_cut_may_leave_is_good(report: Report) -> None:
    """At each flush, and with any part of what was pending."""
    assert report.bad == ()
    assert report.distinct > 1000


def test_some_of_them_really_boot(
    rack: Rack, recording: Recording, report: Report, today: int, tmp_path: Path
) -> None:
    """What the modelled loader says comes up, with the settings that were there."""
    for number, chosen in enumerate(prove.chosen(report, BOOTS, today)):
        outcome = boots.boot(rack, recording, chosen, tmp_path, number)
        assert outcome.wrong == "", outcome
