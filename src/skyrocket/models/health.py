"""When a boot is good: conditions as data, and the verdict that follows from them. Pure.

Every boot must meet `api` and one `unit` for each essential unit. A version on trial must meet all:

    api        GET /os is answered
    settings   the settings of this boot were applied
    unit       an essential unit is up and stays up
    worked     what ran when the update was activated has not failed since
    check      what the node's user declared

What is outside a node (a registry, a DHCP server) is no condition: it makes a node degraded.
Deliberately unknown here: how any of it is found out. Standard library only.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["met", "waiting", "broken", "degraded"]
Verdict = Literal["good", "wait", "bad"]


class Policy(NamedTuple):
    """What the image says: ESSENTIAL units, how long they must be STEADY, when time is over."""

    essential: tuple[str, ...]
    steady: float = 10.0
    deadline: float = 180.0


class Unit(NamedTuple):
    """A unit as systemd sees it; PENDING: a job of it waits or runs."""

    name: str
    loaded: bool = True
    active: str = "active"
    restarts: int = 0
    pending: bool = False


class Condition(NamedTuple):
    """One thing that must be so. FINAL: it will not become better by waiting."""

    name: str
    about: str
    state: State
    said: str = ""
    final: bool = False


class Check(NamedTuple):
    """What came of a check that the user declared; MAY_ROLL_BACK: it counts."""

    name: str
    state: State
    said: str = ""
    may_roll_back: bool = True


class Facts(NamedTuple):
    """What was seen at one moment; STEADY is for how many seconds no unit was restarted.

    Without TRIAL only API and UNITS are looked at. ONLINE: the network reaches the outside.
    """

    api: bool
    units: tuple[Unit, ...]
    trial: bool = False
    settings: bool = True
    worked: tuple[Unit, ...] = ()
    checks: tuple[Check, ...] = ()
    steady: float = 0.0
    online: bool = True


def conditions(facts: Facts, policy: Policy) -> list[Condition]:
    """What must be so, and whether it is."""
    steady = facts.steady >= policy.steady or not facts.trial
    found = [_api(facts.api), *(_essential(unit, steady=steady) for unit in facts.units)]
    if not facts.trial:
        return found
    settings: State = "met" if facts.settings else "waiting"
    found.insert(1, Condition("settings", "the settings of this boot are applied", settings))
    found += [_worked(unit, steady=steady, online=facts.online) for unit in facts.worked]
    return found + [_check(check) for check in facts.checks]


def judge(found: list[Condition], *, over: bool) -> Verdict:
    """Good when nothing is waited for; bad when nothing can become better, or time is OVER."""
    if any(each.state == "broken" and each.final for each in found):
        return "bad"
    if all(each.state in {"met", "degraded"} for each in found):
        return "good"
    return "bad" if over else "wait"


def against(found: list[Condition]) -> list[str]:
    """What speaks against a boot, in sentences."""
    return [
        f"{each.name}: {each.said or f'not so: {each.about}'}"
        for each in found
        if each.state in {"waiting", "broken"}
    ]


def _api(answers: bool) -> Condition:
    about = "the API answers GET /os"
    if answers:
        return Condition("api", about, "met")
    return Condition("api", about, "waiting", "the API does not answer GET /os")


def _essential(unit: Unit, *, steady: bool) -> Condition:
    name, about = f"unit {unit.name}", "an essential unit is up and stays up"
    if unit.active == "failed":
        return Condition(name, about, "broken", "it has failed")
    if not unit.loaded or (unit.active == "inactive" and not unit.pending):
        return Condition(name, about, "met", "not needed here")
    if unit.active not in {"active", "reloading"} or unit.pending:
        return Condition(name, about, "waiting", f"it is {unit.active}")
    if not steady:
        return Condition(name, about, "waiting", f"{unit.restarts} restarts, the last just now")
    return Condition(name, about, "met")


def _worked(unit: Unit, *, steady: bool, online: bool) -> Condition:
    name, about = f"worked {unit.name}", "what ran before the update has not failed since"
    broken = unit.active == "failed" or (unit.restarts > 0 and not steady)
    if broken and not online:
        return Condition(name, about, "degraded", "it fails, and there is no network")
    if broken:
        said = "it has failed" if unit.active == "failed" else f"{unit.restarts} restarts"
        return Condition(name, about, "broken", said)
    if unit.loaded and unit.active in {"activating", "inactive"} and unit.pending:
        return Condition(name, about, "degraded", "it has not started yet")
    return Condition(name, about, "met")


def _check(check: Check) -> Condition:
    about = "a check of this node's user"
    if check.state == "broken" and not check.may_roll_back:
        return Condition(f"check {check.name}", about, "degraded", check.said)
    final = check.state == "broken"
    return Condition(f"check {check.name}", about, check.state, check.said, final=final)
