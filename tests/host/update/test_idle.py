"""Which slot is idle, and its identifiers before, during and after."""

from __future__ import annotations

import pytest

from skyrocket.host.update import idle
from skyrocket.host.update.errors import SlotError
from skyrocket.host.update.idle import Pair, Slots
from skyrocket.models import disk, gpt

A, B = "a1" * 32, "b2" * 32
RANDOM = (gpt.random_guid(bytes(range(16))), gpt.random_guid(bytes(range(16, 32))))


def table(first: str, second: str) -> gpt.Table:
    """A node's disk whose two slots hold the roots FIRST and SECOND."""
    plan = disk.layout(disk.Sizes())
    ids = {part.label: gpt.random_guid(bytes([at] * 16)) for at, part in enumerate(plan.parts)}
    for root, labels in ((first, ("root-a", "hash-a")), (second, ("root-b", "hash-b"))):
        ids |= dict(zip(labels, disk.root_ids(root), strict=True)) if root else {}
    return plan.table(gpt.random_guid(bytes(16)), ids)


@pytest.mark.parametrize(
    ("running", "expected"),
    [(A, Slots(Pair(2, 3), Pair(4, 5))), (B, Slots(Pair(4, 5), Pair(2, 3)))],
)
def test_the_slot_that_does_not_run_is_idle(running: str, expected: Slots) -> None:
    assert idle.find(table(A, B), running) == expected


def test_a_disk_without_the_running_root_is_left_alone() -> None:
    with pytest.raises(SlotError, match="no partition has its identifier"):
        idle.find(table(A, ""), B)


def test_two_slots_with_one_identity_are_left_alone() -> None:
    with pytest.raises(SlotError, match="no partition has its identifier"):
        idle.find(table(A, A), A)


def test_a_partition_that_is_missing_is_named() -> None:
    with pytest.raises(SlotError, match="0 partitions are called hash-b"):
        idle.find(table(A, B).replaced(5, None), A)


def test_while_it_is_written_a_slot_is_found_by_nobody() -> None:
    before = table(A, B)
    during = idle.named(before, Pair(4, 5), RANDOM)
    assert disk.find_id(during, disk.root_ids(B)[0]) is None
    assert disk.find_id(during, disk.root_ids(B)[1]) is None
    assert idle.named(during, Pair(4, 5), disk.root_ids(B)) == before
    assert idle.find(during, A) == idle.find(before, A)


def test_the_room_of_a_slot_is_that_of_its_partitions() -> None:
    assert idle.room(table(A, B), 4) == 1024 * disk.MIB
    assert idle.room(table(A, B), 5) == disk.hash_bytes(1024 * disk.MIB)
