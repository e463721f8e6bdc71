"""A short run of each fuzzing target; the long ones are `scripts/prove fuzz`."""

import contextlib

import pytest
from fuzz import engine
from fuzz.targets import TARGETS

INPUTS = 200


@contextlib.contextmanager
def seeded(target):
    """TARGET with its bug in place."""
    owner, name, bug = target.bug
    right = getattr(owner, name)
    setattr(owner, name, bug)
    try:
        yield
    finally:
        setattr(owner, name, right)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_input_does_what_it_must_not(target):
    outcome = engine.fuzz(target, 0, most=INPUTS)
    assert (outcome.finding, outcome.input[:200]) == ("", b"")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_bug_that_is_seeded_is_found(target):
    with seeded(target):
        assert engine.fuzz(target, 300, most=20_000).finding


def test_an_input_without_end_and_one_that_grows_are_found(monkeypatch):
    monkeypatch.setattr(engine, "SLOW_SECONDS", 0.05)
    monkeypatch.setattr(engine, "GROWTH", 30_000_000)
    monkeypatch.setattr(engine, "LOOK_EVERY", 2)
    kept = []
    slow = TARGETS[0]._replace(run=lambda _: sum(range(5_000_000)), seeds=[b"a"])
    large = TARGETS[0]._replace(run=lambda _: kept.append(b"x" * 20_000_000), seeds=[b"a"])
    assert engine.fuzz(slow, 60, most=20).finding.startswith("took ")
    assert engine.fuzz(large, 60, most=20).finding.startswith("grew by ")
