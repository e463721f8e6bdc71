"""The attempts as data, and the judgement over them: no node is needed for either."""

from __future__ import annotations

from escape import prove, run
from escape.attempt import KINDS, SAID, SECRET, SERIAL, Attempt
from escape.table import ATTEMPTS

HIDDEN = {"setting": "escape-secret--00", "environment": "e", "key": "k", "data": "d"}


def _attempt(seen: str) -> Attempt:
    return Attempt("x", "somewhere", "tries", "effect", lambda _: "", seen, allowed={"admin": "y"})


def test_the_attempts_are_enough_and_each_is_told_apart() -> None:
    """At least forty, with their own names, provenance and a way to see them."""
    assert len({one.id for one in ATTEMPTS}) == len(ATTEMPTS) >= 40
    assert all(one.provenance and one.tries and one.effect for one in ATTEMPTS)
    for one in ATTEMPTS:
        by_script = one.seen not in {SAID, SERIAL} and not one.seen.startswith(SECRET)
        if one.seen.startswith(SECRET):
            assert one.seen.removeprefix(SECRET) in run.planted(), one.id
        assert not by_script or "{token}" in one.seen or one.seen.startswith("cat /"), one.id
        assert set(one.allowed) <= set(KINDS), one.id


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
