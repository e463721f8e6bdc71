"""The update's state: which command may follow, and what a boot makes of it."""

from __future__ import annotations

import msgspec
import pytest

from skyrocket.models import update_status
from skyrocket.models.update_status import Image, Kept, Slot, Staged, Status, allowed, at_boot

OLD = Image("x86_64", "1.0.0", "vm-dev")
NEW = Image("x86_64", "1.1.0", "vm-dev")
STAGED = Staged(NEW, "bb" * 32, "cc" * 32)
A, B = "aa" * 32, "bb" * 32


def kept(*, ready: bool) -> Kept:
    """Version NEW lies in the idle slot of a node that runs OLD."""
    found = Kept(Status(chosen_update=NEW, available_updates=("1.1.0",)), "boot-1", STAGED)
    return update_status.with_state(found, OLD, ready=ready)


@pytest.mark.parametrize(
    ("command", "states"),
    [
        ("refresh", {"Idle", "Available", "Staged", "Ready"}),
        ("prepare", {"Available", "Staged"}),
        ("activate", {"Staged"}),
        ("deactivate", {"Ready"}),
    ],
)
def test_which_command_is_allowed_when(command: str, states: set[str]) -> None:
    every = {"Idle", "Available", "Staged", "Ready"}
    assert {state for state in every if allowed(command, state)} == states  # type: ignore[arg-type]


def test_every_key_of_the_document_is_there_also_when_it_is_null() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Status())) == {
        "update_state": "Idle",
        "available_updates": [],
        "chosen_update": None,
        "active_partition": None,
        "staging_partition": None,
        "most_recent_command": None,
    }


def test_ready_means_that_the_other_slot_boots_next() -> None:
    assert kept(ready=True).status == Status(
        "Ready", ("1.1.0",), NEW, Slot(OLD, next_to_boot=False), Slot(NEW, next_to_boot=True)
    )
    assert kept(ready=False).status == Status(
        "Staged", ("1.1.0",), NEW, Slot(OLD, next_to_boot=True), Slot(NEW, next_to_boot=False)
    )


def test_in_the_same_boot_nothing_changes() -> None:
    assert at_boot(kept(ready=True), A, "boot-1", OLD, [A]) == kept(ready=True)


def test_a_version_that_runs_now_has_arrived() -> None:
    after = at_boot(kept(ready=True), B, "boot-2", NEW, [A])
    assert after == Kept(
        Status("Idle", ("1.1.0",), None, Slot(NEW, next_to_boot=True)), "boot-2", trial=STAGED
    )


def test_a_version_that_was_activated_and_does_not_run_was_taken_back() -> None:
    after = at_boot(kept(ready=True), A, "boot-2", OLD, [A])
    assert after == Kept(
        Status("Idle", ("1.1.0",), None, Slot(OLD, next_to_boot=True)),
        "boot-2",
        failed=("1.1.0",),
    )


def test_a_version_that_was_only_staged_is_there_after_another_boot() -> None:
    after = at_boot(kept(ready=False), A, "boot-2", OLD, [A])
    assert after.status == kept(ready=False).status
    assert (after.staged, after.failed) == (STAGED, ())


def test_what_is_chosen_stays_chosen_over_a_boot() -> None:
    before = Kept(Status("Available", ("1.1.0",), NEW, Slot(OLD, next_to_boot=True)), "boot-1")
    assert at_boot(before, A, "boot-2", OLD, [A]).status == before.status


@pytest.mark.parametrize(("good", "failed"), [([A], ("1.1.0",)), ([A, B], ())])
def test_a_version_that_was_left_on_trial_failed_whatever_it_did_meanwhile(
    good: list[str], failed: tuple[str, ...]
) -> None:
    """It looked for updates before it was left; leaving a good one says nothing."""
    on_trial = at_boot(kept(ready=True), B, "boot-2", NEW, [A])
    looked = update_status.with_state(on_trial, NEW, ready=False)
    after = at_boot(looked, A, "boot-3", OLD, good)
    assert (after.failed, after.trial) == (failed, None)


def test_a_version_that_proved_itself_is_on_trial_no_longer() -> None:
    on_trial = at_boot(kept(ready=True), B, "boot-2", NEW, [A])
    assert at_boot(on_trial, B, "boot-3", NEW, [A]).trial == STAGED
    assert at_boot(on_trial, B, "boot-3", NEW, [A, B]).trial is None
