"""Bring the disk's partition table in order: mend a torn copy, finish a first boot, follow growth.

Deciding is pure (`plan`), doing is one write and one reread before any partition is in use.
"""

from __future__ import annotations

import os

from skyrocket.host.system import disk as tables
from skyrocket.models import disk as layout
from skyrocket.models.gpt import mended, random_guid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.host.initrd.find import Found
    from skyrocket.models.gpt import Reading, Table


class Plan:
    """The table to have, whether it must be written, and what for."""

    __slots__ = ("first_boot", "notes", "table", "write")

    def __init__(self, table: Table, notes: tuple[str, ...], *, first_boot: bool) -> None:
        self.table = table
        self.notes = notes
        self.first_boot = first_boot
        self.write = bool(notes)


def plan(reading: Reading, sectors: int, new_guid: Callable[[], str]) -> Plan:
    """What the table of a disk with SECTORS should become."""
    table = reading.best
    notes = []
    if repaired := mended(reading, sectors):
        table = repaired
        faults = (("primary", reading.primary_fault), ("backup", reading.backup_fault))
        notes += [f"{which} partition table {fault}" for which, fault in faults if fault]
    first_boot = layout.find(table, layout.DATA_TYPE) is None
    if first_boot and (made := layout.with_data(_renewed(table, new_guid), new_guid())):
        table = made[0]
        notes.append("first boot: new GUIDs, data partition created")
    elif not first_boot and (grown := layout.with_grown_data(table)):
        table = grown
        notes.append("data partition grown to the end of the disk")
    return Plan(table, tuple(notes), first_boot=first_boot)


def put_in_order(found: Found) -> Plan:
    """Plan and do it -> the plan, whose table is now the disk's."""
    made = plan(found.reading, found.disk.sectors, lambda: random_guid(os.urandom(16)))
    if made.write:
        tables.write_table(found.disk, made.table)
        found.disk.reread()
    return made


def mark_formatted(found: Found, table: Table) -> Table:
    """Take the mark `new` from the data partition, now that it holds a file system."""
    slot = layout.find(table, layout.DATA_TYPE)
    entry = table.entries[slot] if slot is not None else None
    if slot is None or entry is None:
        return table
    done = table.replaced(slot, entry.marked(entry.attributes & ~layout.NEW))
    tables.write_table(found.disk, done)
    return done


def _renewed(table: Table, new_guid: Callable[[], str]) -> Table:
    """Every node has its own disk GUID and private GUID, though all come from one image."""
    table = table.renamed(new_guid())
    slot = layout.find(table, layout.PRIVATE_TYPE)
    entry = table.entries[slot] if slot is not None else None
    if slot is None or entry is None:
        return table
    return table.replaced(slot, entry.moved(ident=new_guid()))
