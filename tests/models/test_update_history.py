"""What was tried on a node, and how each try ended."""

from __future__ import annotations

import pytest
from msgspec import structs

from skyrocket.models import update_history
from skyrocket.models.update_history import LEFT, Attempt, History, Seen

OLD, NEW = "aa" * 32, "bb" * 32
TRY = Attempt(
    kind="update", from_version="1.0.0", to_version="1.1.0", from_root=OLD, to_root=NEW,
    began="at 1", boot="boot-1", from_boot_sha256="cc", to_boot_sha256="dd",
)  # fmt: skip
PANIC = "Kernel panic - not syncing: sysrq triggered crash"


def settled(attempt: Attempt, seen: Seen, *good: str) -> Attempt:
    (after,) = update_history.settled((attempt,), seen, good)
    return after


@pytest.mark.parametrize(
    ("seen", "good", "changes"),
    [
        (Seen("boot-1", OLD, "at 2"), (OLD,), {}),
        (Seen("boot-2", NEW, "at 2"), (OLD,), {"outcome": "on trial"}),
        (Seen("boot-2", NEW, "at 2"), (NEW, OLD), {"outcome": "running", "ended": "at 2"}),
        (
            Seen("boot-3", OLD, "at 2", PANIC),
            (OLD,),
            {"outcome": "came back", "ended": "at 2", "reason": PANIC},
        ),
        (
            Seen("boot-3", OLD, "at 2"),
            (OLD,),
            {"outcome": "came back", "ended": "at 2", "reason": LEFT},
        ),
        (
            Seen("boot-2", OLD, "at 2", started=False),
            (OLD,),
            {
                "outcome": "never started",
                "ended": "at 2",
                "reason": "the power failed before it was",
            },
        ),
    ],
)
def test_a_boot_says_what_became_of_the_last_try(
    seen: Seen, good: tuple[str, ...], changes: dict[str, str]
) -> None:
    assert settled(TRY, seen, *good) == structs.replace(TRY, **changes)


def test_what_a_boot_said_stays_said() -> None:
    """Later boots of the version that came back change nothing, nor does looking twice."""
    back = settled(TRY, Seen("boot-3", OLD, "at 2", PANIC), OLD)
    assert settled(back, Seen("boot-3", OLD, "at 3"), OLD) == back
    assert settled(back, Seen("boot-4", OLD, "at 4", "another reason"), OLD) == back
    good = settled(TRY, Seen("boot-2", NEW, "at 2"), NEW, OLD)
    assert settled(good, Seen("boot-5", NEW, "at 5"), NEW, OLD) == good


def test_a_version_that_ran_well_and_stood_aside_later_came_back() -> None:
    good = settled(TRY, Seen("boot-2", NEW, "at 2"), NEW, OLD)
    why = "boot records: 3 boots of bbbbbbbb without health"
    after = settled(good, Seen("boot-9", OLD, "at 9", why), NEW, OLD)
    assert (after.outcome, after.ended, after.reason) == ("came back", "at 9", why)


def test_one_try_is_open_at_most_and_the_oldest_goes() -> None:
    history: History = ()
    for number in range(update_history.KEPT + 5):
        history = update_history.begun(history, structs.replace(TRY, began=str(number)))
    assert len(history) == update_history.KEPT
    assert [each.outcome for each in history].count("activated") == 1
    assert (history[-2].outcome, history[-2].ended) == ("cancelled", history[-1].began)
    assert {e.outcome for e in update_history.cancelled(history, "now")} == {"cancelled"}
    assert update_history.settled((), Seen("b", OLD, "now"), ()) == ()


def test_hashes_of_kernel_images_are_found_by_root() -> None:
    assert update_history.sha256_of((TRY,), OLD) == "cc"
    assert update_history.sha256_of((TRY,), NEW) == "dd"
    assert update_history.sha256_of((TRY,), "ee" * 32) == ""
