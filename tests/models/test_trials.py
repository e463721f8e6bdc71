import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.models import keys, trials
from skyrocket.models.trials import Trial

segments = st.text("ab", min_size=1, max_size=2)
leaves = st.one_of(st.booleans(), st.integers(0, 2), st.text("x"), st.lists(st.text("x")))
trees = st.recursive(
    st.dictionaries(segments, leaves, max_size=3),
    lambda below: st.dictionaries(segments, st.one_of(leaves, below), max_size=3),
    max_leaves=8,
)
WAITING = Trial(("motd",), {"motd": "old"}, 60.0, 160.0, "one")


@given(trees, trees)
def test_what_is_taken_back_is_what_was_there(before, after):
    trial = trials.begin(before, after, 60.0, 0.0, "one")
    assert before == (after if trial is None else trials.returned(after, trial))


@given(trees, trees, trees)
def test_what_others_chose_since_stays(before, tried, patch):
    trial = trials.begin(before, tried, 60.0, 0.0, "one")
    if trial is None:
        return
    now = keys.merge(tried, patch)
    left = trials.after_commit(trial, tried, now)
    chosen = {key for key, value in keys.flatten(now).items()
              if keys.flatten(tried).get(key, ...) != value}  # fmt: skip
    back = keys.flatten(now if left is None else trials.returned(now, left))
    assert {key: back.get(key) for key in chosen} == {key: keys.get(now, key) for key in chosen}


def test_a_change_of_nothing_is_no_trial():
    assert trials.begin({"a": 1}, {"a": 1}, 60.0, 0.0, "one") is None
    assert trials.begin({"a": 1}, {"a": True}, 60.0, 0.0, "one") is not None


def test_a_later_choice_takes_its_keys_off_the_trial():
    both = trials.begin({}, {"a": {"x": 1}, "b": 2}, 60.0, 100.0, "one")
    assert both == Trial(("a.x", "b"), {}, 60.0, 160.0, "one")
    left = trials.after_commit(both, {"a": {"x": 1}, "b": 2}, {"a": {"x": 3}, "b": 2})
    assert left == Trial(("b",), {}, 60.0, 160.0, "one")
    assert trials.after_commit(left, {"b": 2}, {}) is None
    assert trials.after_commit(left, {"b": 2}, {"b": 2}) == left


PHASES = ("waiting", "restarting", "returning")
IN_TIME, LATE = 159.9, 160.0
EVERY = [(phase, boot, now, renewed) for phase in PHASES for boot in ("one", "two")
         for now in (0.0, IN_TIME, LATE, 10.0**9) for renewed in (False, True)]  # fmt: skip


def trial(phase, *, renewed):
    return Trial(("motd",), {"motd": "old"}, 60.0, 160.0, "one", phase, renewed)


@pytest.mark.parametrize(("phase", "boot", "now", "renewed"), EVERY)
def test_every_state_has_its_verdict_while_a_node_runs(phase, boot, now, renewed):
    wanted = "wait" if boot == "one" and now < LATE else "take back"
    if phase == "returning":
        wanted = "apply"
    assert trials.judge(trial(phase, renewed=renewed), now, boot) == wanted


@pytest.mark.parametrize(("phase", "boot", "now", "renewed"), EVERY)
def test_every_state_has_its_verdict_at_boot(phase, boot, now, renewed):
    if phase == "returning":
        wanted = "end"
    elif boot == "one":
        wanted = "wait" if now < LATE else "take back"
    else:
        wanted = "renew" if (phase, renewed) == ("restarting", False) else "take back"
    assert trials.judge_boot(trial(phase, renewed=renewed), now, boot) == wanted


def test_an_orderly_restart_gives_one_more_whole_window():
    again = trials.renewed(trials.in_phase(WAITING, "restarting"), 5.0, "two")
    assert again == Trial(("motd",), {"motd": "old"}, 60.0, 65.0, "two", "waiting", renewed=True)
    assert trials.judge_boot(trials.in_phase(again, "restarting"), 1.0, "three") == "take back"


def walks(length):
    """Every run of LENGTH events of a node with a change on trial."""
    if length == 0:
        return [[]]
    events = ("pass", "expire", "confirm", "restart", "crash", "kill api")
    return [[event, *rest] for event in events for rest in walks(length - 1)]


def live(walk):
    """The value after WALK, by the rules alone -> ("old" or "new", whether it is decided)."""
    value, at, now, boot = "new", trials.begin({"m": "old"}, {"m": "new"}, 60.0, 0.0, "0"), 0.0, 0
    for event in walk:
        if at is None:
            break
        if event in ("pass", "expire"):
            now += 1.0 if event == "pass" else 60.0
        if event == "confirm" and trials.judge(at, now, str(boot)) == "wait":
            return value, True
        if event in ("restart", "crash"):
            at = trials.in_phase(at, "restarting") if event == "restart" else at
            boot, now = boot + 1, 0.5
            verdict = trials.judge_boot(at, now, str(boot))
            if verdict == "renew":
                at = trials.renewed(at, now, str(boot))
            else:
                value, at = "old", None
        elif trials.judge(at, now, str(boot)) == "take back":
            value, at = "old", None
    return value, at is None


def test_no_run_of_events_keeps_a_change_that_was_not_confirmed():
    """All runs of up to four events: 1,554 of them, then time passes."""
    for length in range(1, 5):
        for walk in walks(length):
            confirmed = False
            value, decided = live(walk)
            if decided and value == "new":
                confirmed = "confirm" in walk
                assert confirmed, walk
            assert live([*walk, "expire", "crash"])[0] == (
                "new" if value == "new" and decided else "old"
            )


def test_a_change_in_another_schema_is_what_it_is_there():
    moved = trials.moved(WAITING, {"banner": "old"}, {"banner": "new"})
    assert moved == Trial(("banner",), {"banner": "old"}, 60.0, 160.0, "one")
    assert trials.moved(WAITING, {"a": 1}, {"a": 1}) is None
