"""What the loader boots, and when a slot stands aside."""

from __future__ import annotations

from skyrocket.models import boots, slots
from skyrocket.models.boots import Uki, booted_by_loader, judge
from skyrocket.models.slots import Name

OLD, NEW = "aaaaaaaa", "bbbbbbbb"
OLD_ROOT, NEW_ROOT = OLD.ljust(64, "0"), NEW.ljust(64, "0")


def booted(*ukis: Uki) -> str:
    chosen = booted_by_loader(list(ukis))
    return chosen.name.key if chosen else ""


def test_newest_version_boots() -> None:
    """Of two good entries the newer version boots, by the loader's order of versions."""
    assert booted(Uki(Name(OLD), "1.9.0"), Uki(Name(NEW), "1.10.0")) == NEW


def test_exhausted_entry_comes_last() -> None:
    """A new version whose one try is used up gives way to the older one."""
    assert booted(Uki(Name(NEW, 0, 1), "2.0"), Uki(Name(OLD), "1.0")) == OLD


def test_trial_boots_before_the_older() -> None:
    """A new version with a try left is tried."""
    assert booted(Uki(Name(OLD), "1.0"), Uki(Name(NEW, 1), "2.0")) == NEW


def test_exhausted_newer_boots_when_all_are_exhausted() -> None:
    """With nothing but exhausted entries the newer is taken again: there is no dead end."""
    assert booted(Uki(Name(OLD, 0, 1), "1.0"), Uki(Name(NEW, 0, 1), "2.0")) == NEW


def test_nothing_to_boot() -> None:
    """An empty folder boots nothing."""
    assert booted_by_loader([]) is None


def test_going_back_by_names_alone() -> None:
    """With the newer aside and the older on trial, the older boots; if it fails, the newer."""
    aside = boots.aside_name(Name(NEW))
    assert booted(Uki(aside, "2.0"), Uki(Name(OLD, 1), "1.0")) == OLD
    assert booted(Uki(aside, "2.0"), Uki(Name(OLD, 0, 1), "1.0")) == NEW


def test_first_three_boots_go_on() -> None:
    """Three boots without health are allowed."""
    assert all(judge(NEW_ROOT, count, (), []).go_on for count in (1, 2, 3))


def test_fourth_boot_stands_aside_for_a_blessed_slot() -> None:
    """The fourth boot hands over to the other slot if that was ever good."""
    verdict = judge(NEW_ROOT, 4, (NEW_ROOT, OLD_ROOT), [Name(OLD), Name(NEW)])
    assert (verdict.other, verdict.stop) == (OLD, False)
    assert verdict.reason == "3 boots of bbbbbbbb without health"


def test_fourth_boot_stops_without_another_slot() -> None:
    """Never blessed, exhausted or absent: no other slot is worth going to."""
    for blessed, names in (
        ((), [Name(OLD), Name(NEW)]),
        ((OLD_ROOT,), [Name(OLD, 0, 1), Name(NEW)]),
        ((OLD_ROOT,), [Name(NEW)]),
        ((NEW_ROOT,), [Name(NEW)]),
    ):
        assert judge(NEW_ROOT, 4, blessed, names).stop


def test_names_after_standing_aside_and_blessing() -> None:
    """Standing aside leaves no try, blessing leaves no counter."""
    assert str(boots.aside_name(Name(OLD))) == f"{slots.PREFIX}{OLD}+0.efi"
    assert str(boots.blessed_name(Name(OLD, 0, 1))) == f"{slots.PREFIX}{OLD}.efi"
