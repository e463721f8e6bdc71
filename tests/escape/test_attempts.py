"""The attempts as data, and the judgement over them: no node is needed for either."""

from __future__ import annotations

import json

from escape import bundle, prove, run
from escape.attempt import HOLE, INSIDE, SAID, SECRET, SERIAL, Attempt, Case
from escape.orders import ORDERS
from escape.run import ALL
from escape.table import ATTEMPTS

from skyrocket.host.containers import rights

HIDDEN = {"setting": "escape-secret--00", "environment": "e", "key": "k", "data": "d"}


def _attempt(seen: str) -> Attempt:
    return Attempt("x", "somewhere", "tries", "effect", lambda _: "", seen, allowed={"admin": "y"})


def test_the_attempts_are_enough_and_each_is_told_apart() -> None:
    """At least forty, with their own names, provenance and a way to see them."""
    assert len({one.id for one in ALL}) == len(ALL)
    assert len(ATTEMPTS) >= 40
    assert all(one.provenance and one.tries and one.effect for one in ALL)
    for one in ALL:
        by_script = one.seen not in {SAID, SERIAL} and not one.seen.startswith(SECRET)
        if one.seen.startswith(SECRET):
            assert one.seen.removeprefix(SECRET) in run.planted(), one.id
        assert not by_script or "{token}" in one.seen or one.seen.startswith("cat /"), one.id
        assert set(one.allowed) <= set(INSIDE if one in ATTEMPTS else ("ordered",)), one.id


def test_an_unprivileged_workload_is_allowed_nothing() -> None:
    """Nobody writes a reason for the weakest kind, and a host container may use the API alone."""
    assert [one.id for one in ATTEMPTS if "workload" in one.allowed] == []
    mine = {one.id for one in ATTEMPTS if "control" in one.allowed}
    assert mine == {"api-read", "api-change"}


def test_a_boast_without_the_secret_is_no_success() -> None:
    """Only the planted text counts, and only what the node's root saw."""
    secret = _attempt(f"{SECRET}setting")
    assert run.judge(secret, True, "found escape-secret--00", HIDDEN, False)
    assert not run.judge(secret, True, "found escape-secret--01", HIDDEN, False)
    assert not run.judge(_attempt("cat /run/{token}"), True, "ran", HIDDEN, False)
    assert run.judge(_attempt("cat /run/{token}"), False, "died", HIDDEN, True)
    assert not run.judge(_attempt(SAID), False, "refused", HIDDEN, True)


def test_a_success_that_nobody_allowed_is_unexpected() -> None:
    """From a workload always, from a superpowered container when no reason is written."""
    won = [run.Result("mount-private", kind, True, "") for kind in ("workload", "admin")]
    lost = run.Result("kexec", "admin", False, "")
    known = run.Result("setns", "admin", True, "")
    assert prove.unexpected([*won, lost, known]) == won


def test_a_known_hole_is_counted_apart() -> None:
    """It fails no run, and is excused by nothing."""
    open_one = next(one for one in ALL if any(w.startswith(HOLE) for w in one.allowed.values()))
    kind = next(kind for kind, why in open_one.allowed.items() if why.startswith(HOLE))
    won = [run.Result(open_one.id, kind, True, ""), run.Result("setns", "admin", True, "")]
    assert prove.unexpected(won) == []
    assert prove.holes(won) == won[:1]


def test_an_order_prints_its_token_and_no_traceback_could() -> None:
    """It is whole only where the script looks for it, and as the value of a sysctl."""
    case = Case("ordered", "esc01234567890", 0)
    for one in ORDERS:
        script = one.go(case)
        told = script.replace(f"*{case.token}*", "").replace(f'"|/{case.token}"', "")
        assert case.token not in told, one.id
        assert bundle.RUNC in script, one.id


def test_what_is_ordered_is_no_privileged_container() -> None:
    """The usual capabilities, masks and no device: else an order would prove nothing."""
    config = json.loads(bundle.ordered(bundle.Wish(("/usr/bin/true",)), "x"))
    assert config["process"]["capabilities"]["bounding"] == list(rights.DEFAULT_CAPABILITIES)
    assert config["process"]["noNewPrivileges"] is True
    assert config["linux"]["readonlyPaths"] == list(rights.READ_ONLY)
    assert set(config["linux"]["maskedPaths"]) <= {*rights.HIDDEN, "/sys/firmware"}
    everything = json.loads(bundle.privileged())
    assert everything["process"]["capabilities"]["bounding"] == list(rights.ALL_CAPABILITIES)
    assert "maskedPaths" not in everything["linux"]
