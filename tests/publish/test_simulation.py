"""A wave plan over a fleet that does not exist."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from skyrocket.models import update
from skyrocket.models.releases import Step, WavePlan, bounds
from skyrocket.models.update import Images, Update
from skyrocket.publish import simulation
from skyrocket.publish.simulation import Curve, Fleet

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
WAVES = bounds(WavePlan([Step("1 hour", 10), Step("5 hours", 50), Step("9 hours", 100)]), START)
HOUR = 3600.0


def test_the_curve_follows_the_waves() -> None:
    """Nobody before the first; the tenth part with the first, and so on; all in the end."""
    curve = simulation.play(WAVES, START, Fleet(10_000, timedelta(minutes=1), "offset"))
    assert len(curve.seconds) == 10_000
    assert curve.waves == (HOUR, 5 * HOUR, 9 * HOUR)
    assert curve.share(HOUR) < 0.001
    assert curve.share(5 * HOUR + 60) == pytest.approx(0.1, abs=0.02)
    assert curve.share(7 * HOUR) == pytest.approx(0.3, abs=0.02)
    assert curve.share(9 * HOUR) == pytest.approx(0.5, abs=0.02)
    assert curve.share(9 * HOUR + 60) == 1.0


def test_upstreams_rule_brings_late_waves_all_at_once() -> None:
    """The reason for another rule: half of the second wave would wait for its end."""
    absolute = simulation.play(WAVES, START, Fleet(10_000, timedelta(minutes=1)))
    offset = simulation.play(WAVES, START, Fleet(10_000, timedelta(minutes=1), "offset"))
    assert absolute.share(7 * HOUR) < offset.share(7 * HOUR)
    assert absolute.reached(100) == pytest.approx(offset.reached(100), abs=120)


@pytest.mark.parametrize("ramp", ["absolute", "offset"])
def test_no_node_comes_before_it_may_and_each_with_its_next_look(ramp: update.Ramp) -> None:
    """By the same function that a node asks, at the moment before and after."""
    fleet = Fleet(500, timedelta(minutes=30), ramp)
    version = Update(
        variant="", arch="", version="1", max_version="1", waves=WAVES, images=Images("", "", "")
    )
    curve = simulation.play(WAVES, START, fleet)
    ready = sorted(
        update.ready_at(version, seed, ramp) or 0 for seed in seeds(fleet)
    )  # fmt: skip
    for place, second in enumerate(curve.seconds):
        moment = START + timedelta(seconds=second)
        may = sum(each <= update.nanoseconds(moment) for each in ready)
        assert may > place


def seeds(fleet: Fleet) -> list[int]:
    import random

    chance = random.Random(fleet.draw)
    found = []
    for _ in range(fleet.nodes):
        found.append(chance.randrange(update.SEEDS))
        chance.random()
    return found


def test_without_waves_all_come_within_one_interval() -> None:
    curve = simulation.play({}, START, Fleet(1000, timedelta(hours=2)))
    assert curve.seconds[-1] < 2 * HOUR
    assert curve.reached(50) == pytest.approx(HOUR, rel=0.15)


def test_the_same_draw_gives_the_same_curve() -> None:
    first, again = (simulation.play(WAVES, START, Fleet(100)) for _ in range(2))
    assert first == again != simulation.play(WAVES, START, Fleet(100, draw=1))


def test_the_table_says_when_how_much_has_come() -> None:
    curve = Curve(tuple(float(60 * n) for n in range(1, 101)), ())
    assert simulation.table(curve) == [
        "  1 %  00:01", " 10 %  00:10", " 25 %  00:25", " 50 %  00:50",
        " 75 %  01:15", " 90 %  01:30", " 99 %  01:39", "100 %  01:40",
    ]  # fmt: skip


def test_the_picture_is_one_and_its_curve_rises() -> None:
    curve = simulation.play(WAVES, START, Fleet(1000))
    drawn = ET.fromstring(simulation.picture(curve, "a <plan> & more"))
    paths = [each for each in drawn if each.tag.endswith("path")]
    points = [part.split(",") for part in paths[-1].attrib["d"][1:].split(" L")]
    xs, ys = ([float(point[axis]) for point in points] for axis in (0, 1))
    assert xs == sorted(xs)
    assert ys == sorted(ys, reverse=True)
    assert (ys[0], ys[-1]) == (312.0, 48.0)
    assert len(paths) == 3 + 5 + 1
    assert "a <plan> & more" in [each.text for each in drawn]
