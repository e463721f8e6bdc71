"""When a boot is good: conditions, and the verdict that follows."""

from __future__ import annotations

import pytest

from skyrocket.models.health import Check, Facts, Policy, Unit, against, conditions, judge

POLICY = Policy(("api.service", "runtime.service"), steady=10.0)
UP = (Unit("api.service"), Unit("runtime.service"))
GOOD = Facts(api=True, units=UP, trial=True, steady=11.0)


def verdict(facts: Facts, *, over: bool = False) -> tuple[str, list[str]]:
    found = conditions(facts, POLICY)
    return judge(found, over=over), against(found)


def test_a_trial_that_meets_everything_is_good() -> None:
    assert verdict(GOOD) == ("good", [])
    names = [each.name for each in conditions(GOOD, POLICY)]
    assert names == ["api", "settings", "unit api.service", "unit runtime.service"]


def test_an_ordinary_boot_waits_for_nothing_but_api_and_units() -> None:
    ordinary = Facts(api=True, units=UP, settings=False, steady=0.0)
    assert verdict(ordinary) == ("good", [])
    assert verdict(ordinary._replace(api=False))[0] == "wait"


def unit(**changes: object) -> Facts:
    return GOOD._replace(units=(UP[0], UP[1]._replace(**changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (GOOD._replace(api=False), "api: the API does not answer GET /os"),
        (GOOD._replace(settings=False), "settings: not so: the settings of this boot are applied"),
        (unit(active="failed"), "unit runtime.service: it has failed"),
        (unit(active="activating"), "unit runtime.service: it is activating"),
        (unit(active="inactive", pending=True), "unit runtime.service: it is inactive"),
    ],
)
def test_what_is_not_so_is_waited_for_and_then_bad(facts: Facts, said: str) -> None:
    assert verdict(facts) == ("wait", [said])
    assert verdict(facts, over=True) == ("bad", [said])


def test_a_unit_that_is_started_again_and_again_is_never_up() -> None:
    """At every moment it is active; the seconds since its last restart tell."""
    flapping = unit(restarts=7)._replace(steady=0.9)
    assert verdict(flapping, over=True)[0] == "bad"
    assert "unit runtime.service: 7 restarts, the last just now" in verdict(flapping)[1]
    assert verdict(flapping._replace(steady=10.0)) == ("good", [])


def test_a_unit_that_nobody_needs_here_is_no_fault() -> None:
    assert verdict(unit(active="inactive")) == ("good", [])
    assert verdict(unit(loaded=False, active="inactive")) == ("good", [])


def worked(**changes: object) -> Facts:
    return GOOD._replace(worked=(Unit("containers@web.service")._replace(**changes),))  # type: ignore[arg-type]


def test_what_ran_before_the_update_must_not_fail() -> None:
    assert verdict(worked()) == ("good", [])
    failed = verdict(worked(active="failed"), over=True)
    assert failed == ("bad", ["worked containers@web.service: it has failed"])
    flaps = worked(restarts=4)._replace(steady=1.0)
    assert "worked containers@web.service: 4 restarts" in verdict(flaps, over=True)[1]


def test_what_the_settings_took_away_meanwhile_is_no_fault() -> None:
    assert verdict(worked(active="inactive")) == ("good", [])


def test_an_outage_outside_is_degraded_and_not_unhealthy() -> None:
    """No address, or a registry that does not answer while a container waits for its start."""
    assert verdict(worked(active="failed")._replace(online=False)) == ("good", [])
    assert verdict(worked(active="activating", pending=True)) == ("good", [])
    found = conditions(worked(active="failed")._replace(online=False), POLICY)
    assert (found[-1].state, found[-1].said) == (
        "degraded", "it fails, and there is no network"
    )  # fmt: skip


def test_a_check_that_failed_is_bad_at_once_unless_it_may_not_roll_back() -> None:
    check = Check("web", "broken", "status 500, 4 attempts")
    assert verdict(GOOD._replace(checks=(check,))) == (
        "bad", ["check web: status 500, 4 attempts"]
    )  # fmt: skip
    assert verdict(GOOD._replace(checks=(check._replace(may_roll_back=False),))) == ("good", [])
    assert verdict(GOOD._replace(checks=(Check("web", "waiting", "not asked yet"),)))[0] == "wait"
    assert verdict(GOOD._replace(checks=(Check("web", "met"),))) == ("good", [])
