"""What a node remembers about its boots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.slots import record
from skyrocket.host.slots.record import Records, State

if TYPE_CHECKING:
    from pathlib import Path


def test_counts_boots_of_one_root() -> None:
    """Each boot of the same root counts, another root starts at one, health at zero."""
    state = State().booted("a", "1").booted("a", "2")
    assert state.count == 2
    assert state.booted("b", "3").count == 1
    assert state.healthy().booted("a", "4").count == 1


def test_round_trip(tmp_path: Path) -> None:
    """A state is read back as it was written."""
    records = Records(str(tmp_path))
    state = State("a" * 64, 2, "boot", "systemd started")
    records.write(state)
    assert Records(str(tmp_path)).read() == state


def test_rubbish_counts_as_nothing() -> None:
    """A damaged file is a first boot, not a crash."""
    assert record.parse("count many\n\0\0\0\nroot") == State()


def test_blessed_roots_newest_first(tmp_path: Path) -> None:
    """The newest blessed root comes first, none twice, and the list stays short."""
    records = Records(str(tmp_path))
    for root in ("a", "b", "a", "c"):
        records.bless(root)
    assert records.blessed() == ("c", "a", "b")
    for number in range(20):
        records.bless(str(number))
    assert len(records.blessed()) == 8


def test_a_reason_is_said_once(tmp_path: Path) -> None:
    """The boot after a failed one reads its reason, the boot after that does not."""
    records = Records(str(tmp_path))
    records.leave_reason("root: cannot open it")
    assert records.take_reason() == "root: cannot open it"
    assert records.take_reason() == ""


def test_why_the_other_root_was_left_stays_until_one_is_left_again(tmp_path: Path) -> None:
    records = Records(str(tmp_path))
    assert records.left() == ("", "")
    records.note_left("a" * 64, "Kernel panic - not syncing:\nsysrq triggered crash")
    assert records.left() == ("a" * 64, "Kernel panic - not syncing: sysrq triggered crash")
    records.note_left("b" * 64, "")
    assert records.left() == ("b" * 64, "")
