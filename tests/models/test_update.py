"""Waves: when which seed may come, as upstream computes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from skyrocket.models import update
from skyrocket.models.update import Images, Manifest, Update, Wave, Withdrawn

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
SEEDS = [0, 1, 19, 20, 21, 100, 102, 103, 306, 307, 308, 819, 1000, 1228, 1842, 1843, 1844, 2047]


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


NONE: dict[int, datetime] = {}
ONE = {0: hours(1)}
TWO = {0: hours(1), 20: hours(4)}
WEEK = {0: hours(1), 20: hours(4), 102: hours(24), 307: hours(48), 819: hours(96), 1228: hours(120)}
ODD = {0: hours(1), 7: hours(1) + timedelta(seconds=1), 10: hours(1) + timedelta(seconds=2)}
LATE = {100: hours(2), 1843: hours(5)}
PLANS = [NONE, ONE, TWO, WEEK, ODD, LATE]


def one(waves: dict[int, datetime], version: str = "1.1.0", variant: str = "vm-dev") -> Update:
    images = Images("b", "r", "h")
    return Update(
        variant=variant, arch="x86_64", version=version, max_version="9", waves=waves, images=images
    )


def upstream(waves: dict[int, datetime], seed: int, now: datetime) -> bool:
    """Upstream's answer, put together from its parts in another way than ours.

    The bound below the seed starts the wave, the first one at or above it ends it. A node before
    the first bound has no start to wait for; the last wave has no ramp; else the nth seed waits n
    times the wave's length cut into as many whole nanoseconds as it has seeds.
    """
    below = max((bound for bound in waves if bound < seed), default=None)
    above = min((bound for bound in waves if bound >= seed), default=None)
    if above is not None and waves[above] <= now:
        return True
    if below is None:
        return True
    if now < waves[below]:
        return False
    if above is None:
        return True
    length = int((waves[above] - waves[below]) / timedelta(microseconds=1)) * 1000
    waited = int((now - waves[below]) / timedelta(microseconds=1)) * 1000
    return waited >= (length // (above - below)) * seed


def moments(waves: dict[int, datetime]) -> list[datetime]:
    """Around every bound, and spread over all of them."""
    around = [timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1)]
    found = [bound + off for bound in waves.values() for off in around]
    return [*found, *(hours(step * 2.37) for step in range(60))]


def test_more_than_a_thousand_rows_of_seed_time_and_manifest_are_upstreams() -> None:
    rows = [(waves, seed, now) for waves in PLANS for seed in SEEDS for now in moments(waves)]
    assert len(rows) >= 1000
    wrong = [row for row in rows if update.ready(one(row[0]), *row[1:]) != upstream(*row)]
    assert wrong == []


def test_the_table_finds_a_ramp_counted_from_the_waves_first_seed() -> None:
    """The comparison can fail: the rule as it was meant differs from upstream's in many rows."""
    rows = [(waves, seed, now) for waves in PLANS for seed in SEEDS for now in moments(waves)]
    wrong = [row for row in rows if update.ready(one(row[0]), *row[1:], "offset") != upstream(*row)]
    assert len(wrong) > 20


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (0, Wave(None, (0, hours(1)))),
        (1, Wave((0, hours(1)), (20, hours(4)))),
        (20, Wave((0, hours(1)), (20, hours(4)))),
        (21, Wave((20, hours(4)), None)),
    ],
)
def test_a_bound_belongs_to_the_wave_before_it(seed: int, expected: Wave) -> None:
    assert update.wave_of(TWO, seed) == expected


def test_with_offsets_a_late_wave_has_a_ramp() -> None:
    """Seed 820 is the first of its wave: upstream lets it wait for the wave's end."""
    first = one(WEEK)
    begin, end = update.nanoseconds(hours(96)), update.nanoseconds(hours(120))
    assert update.ready_at(first, 820) == end
    offset = update.ready_at(first, 820, "offset")
    assert offset is not None
    assert begin < offset < begin + (end - begin) // 100


def test_upstreams_document_is_read_and_written_with_its_words() -> None:
    text = b"""{"updates":[{"variant":"aws-ecs-1","arch":"x86_64","version":"1.15.0",
        "max_version":"1.15.0","waves":{"0":"2023-08-15T18:00:00Z","20":"2023-08-15T21:00:00Z"},
        "images":{"boot":"b.lz4","root":"r.lz4","hash":"h.lz4"}}],
        "migrations":{"(1.14.0, 1.15.0)":["migrate_v1.15.0_x.lz4"]}}"""
    read = msgspec.json.decode(text, type=Manifest)
    assert read.updates[0].waves[20] == datetime(2023, 8, 15, 21, tzinfo=UTC)
    assert msgspec.json.decode(msgspec.json.encode(read)) == msgspec.json.decode(text)


def test_the_newest_comes_first_and_other_kinds_not_at_all() -> None:
    every = [
        one({}, "1.9.0"),
        one({}, "1.10.0"),
        one({}, "2.0.0", "vm-bare"),
        one({}, "1.10.0~rc1"),
    ]
    found = update.matching(Manifest(every, {}), "vm-dev", "x86_64")
    assert [each.version for each in found] == ["1.10.0", "1.10.0~rc1", "1.9.0"]


def test_a_withdrawn_version_is_known() -> None:
    content = Manifest([], {}, [Withdrawn("vm-dev", "x86_64", "1.1.0")])
    assert update.withdrawn(content, one({}))
    assert not update.withdrawn(content, one({}, "1.2.0"))
