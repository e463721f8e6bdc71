"""How a manifest changes: versions added, waved, withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from skyrocket.models import releases
from skyrocket.models.releases import EMPTY, Kind, ReleaseError, Step, WavePlan
from skyrocket.models.update import Images, Update, Withdrawn

START = datetime(2026, 11, 25, 12, tzinfo=UTC)


def one(version: str) -> Update:
    return Update(
        variant="vm-dev", arch="x86_64", version=version, max_version=version, waves={},
        images=Images("b", "r", "h"),
    )  # fmt: skip


def test_every_version_of_a_kind_names_the_newest_as_the_last_allowed() -> None:
    content = releases.added(releases.added(EMPTY, one("1.10.0")), one("1.9.0"))
    assert [(each.version, each.max_version) for each in content.updates] == [
        ("1.10.0", "1.10.0"),
        ("1.9.0", "1.10.0"),
    ]


def test_a_withdrawn_version_sends_its_nodes_back_and_cannot_come_again() -> None:
    content = releases.added(releases.added(EMPTY, one("1.1.0")), one("1.2.0"))
    content = releases.without(content, Kind("vm-dev", "x86_64", "1.2.0"))
    assert [(each.version, each.max_version) for each in content.updates] == [("1.1.0", "1.1.0")]
    assert content.withdrawn == [Withdrawn("vm-dev", "x86_64", "1.2.0")]
    with pytest.raises(ReleaseError, match="it was withdrawn"):
        releases.added(content, one("1.2.0"))


def test_a_version_is_added_once() -> None:
    with pytest.raises(ReleaseError, match=r"cannot add 1\.1\.0 .*: it is there already"):
        releases.added(releases.added(EMPTY, one("1.1.0")), one("1.1.0"))


def test_waves_begin_at_the_seed_where_the_one_before_ends() -> None:
    plan = WavePlan([Step("1 hour", 1), Step("2 days", 40), Step("in 7 days", 100)])
    assert releases.bounds(plan, START) == {
        0: START + timedelta(hours=1),
        20: START + timedelta(days=2),
        819: START + timedelta(days=7),
    }


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([Step("1 hour", 0)], "0 % is not from 1 to 100"),
        ([Step("1 hour", 101)], "101 % is not from 1 to 100"),
        ([Step("soon", 5)], "'soon' is no time"),
        ([Step("2 hours", 5), Step("1 hour", 10)], "is not after the one before"),
        ([Step("1 hour", 50), Step("2 hours", 20), Step("3 hours", 100)], "percentages must grow"),
        ([Step("1 hour", 50), Step("2 hours", 20)], "20 % does not come after 50 %"),
        ([Step("1 hour", 50), Step("2 hours", 50)], "percentages must grow"),
        ([Step("1 hour", 50), Step("1 hour", 100)], "is not after"),
    ],
)
def test_waves_that_make_no_sense_are_refused(steps: list[Step], said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        releases.bounds(WavePlan(steps), START)


def test_waves_are_for_a_version_that_is_there() -> None:
    with pytest.raises(ReleaseError, match=r"cannot find 2\.0\.0 .*: it has none"):
        releases.with_waves(EMPTY, Kind("vm-dev", "x86_64", "2.0.0"), WavePlan([]), START)
