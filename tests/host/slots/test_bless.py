"""Blessing: which UKI loses its counter, and when none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.slots import bless
from skyrocket.host.slots.bless import plan
from skyrocket.models import slots
from skyrocket.models.boots import Step
from skyrocket.models.slots import Name

if TYPE_CHECKING:
    import pytest

KEY = "1a2b3c4d"
ROOT = KEY.ljust(64, "0")
OTHER = Name("ffffffff")


def renames(name: Name) -> Step:
    """To the name without a counter."""
    return Step(f"{slots.FOLDER}/{name}", f"{slots.FOLDER}/{Name(name.key)}")


def test_trial_is_blessed() -> None:
    """The UKI the loader counted, and that runs, loses its counter."""
    decided = plan([OTHER, Name(KEY, 0, 1)], ROOT, f"\\EFI\\Linux\\skyrocket-{KEY}+0-1.efi")
    assert decided.steps == [renames(Name(KEY, 0, 1))]


def test_counter_that_firmware_could_not_write() -> None:
    """A counted name that the firmware left unchanged is blessed all the same."""
    decided = plan([Name(KEY, 1)], ROOT, f"\\EFI\\Linux\\skyrocket-{KEY}+0-1.efi")
    assert decided.steps == [renames(Name(KEY, 1))]


def test_never_another_root() -> None:
    """A count that belongs to another root blesses nothing."""
    decided = plan([Name(KEY, 1), OTHER], ROOT, "\\EFI\\Linux\\skyrocket-ffffffff+0-1.efi")
    assert decided.steps == []


def test_blessed_already() -> None:
    """A UKI that lost its counter since the loader started it stays as it is."""
    decided = plan([Name(KEY)], ROOT, f"\\EFI\\Linux\\skyrocket-{KEY}+0-1.efi")
    assert (decided.steps, decided.note) == ([], "blessed already")


def test_uki_that_is_gone() -> None:
    """When the UKI of the running root is gone, that is said."""
    decided = plan([OTHER], ROOT, f"\\EFI\\Linux\\skyrocket-{KEY}+0-1.efi")
    assert decided.note == "not counted: the UKI of this root is gone"


def test_machine_without_efi_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With direct kernel boot there is nothing to bless, and the note says so."""
    monkeypatch.setattr(bless.efi, "make_readable", lambda: False)
    assert bless.bless(ROOT).note == "not counted: this machine did not boot through EFI"
