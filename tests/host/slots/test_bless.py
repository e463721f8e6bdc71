"""Blessing: which UKI loses its counter, and when none does."""

from __future__ import annotations

from skyrocket.host.slots.bless import plan
from skyrocket.models.slots import Name

KEY = "1a2b3c4d"
ROOT = KEY.ljust(64, "0")
OTHER = Name("ffffffff")


def test_trial_is_blessed() -> None:
    """The UKI the loader counted, and that runs, loses its counter."""
    decided = plan([OTHER, Name(KEY, 0, 1)], ROOT, f"\\EFI\\Linux\\skyrocket-{KEY}+0-1.efi")
    assert (decided.old, decided.new) == (Name(KEY, 0, 1), Name(KEY))


def test_counter_that_firmware_could_not_write() -> None:
    """A counted name that the firmware left unchanged is blessed all the same."""
    decided = plan([Name(KEY, 1)], ROOT, f"\\EFI\\Linux\\skyrocket-{KEY}+0-1.efi")
    assert (decided.old, decided.new) == (Name(KEY, 1), Name(KEY))


def test_direct_kernel_boot_is_not_counted() -> None:
    """Without a loader that counts nothing is renamed, and the note says so."""
    decided = plan([Name(KEY, 1)], ROOT, "")
    assert (decided.old, decided.note.startswith("not counted")) == (None, True)


def test_never_another_root() -> None:
    """A count that belongs to another root blesses nothing."""
    decided = plan([Name(KEY, 1), OTHER], ROOT, "\\EFI\\Linux\\skyrocket-ffffffff+0-1.efi")
    assert decided.old is None


def test_blessed_already() -> None:
    """A UKI without counter stays as it is."""
    assert plan([Name(KEY)], ROOT, "").note == "blessed already"
