"""Count this boot, and say when a slot that was good has gone bad.

It runs from the UKI, before the root is opened: also a root that does not open is counted.
"""

from __future__ import annotations

from skyrocket.host.initrd import drivers
from skyrocket.host.initrd.errors import BootError, StopBootError
from skyrocket.host.slots import choice
from skyrocket.host.slots.boot_partition import BootPartition
from skyrocket.host.slots.record import Records, State
from skyrocket.host.system.faults import DoorError
from skyrocket.host.system.text import text_in
from skyrocket.models import disk as layout
from skyrocket.models import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.report import Report
    from skyrocket.host.system.blockdev import Disk
    from skyrocket.host.system.modules import Loader
    from skyrocket.models.gpt import Table


def begin(records: Records, root_hash: str, report: Report) -> State:
    """Write down that a boot of ROOT_HASH begins -> the state of this boot."""
    state = records.read().booted(root_hash, boot_id())
    records.write(state)
    report.facts["boot_count"] = state.count
    return state


def stand_aside_if_bad(
    records: Records, state: State, disk: Disk, table: Table, loader: Loader
) -> None:
    """After too many boots without health: hand over to the other slot, or stop. Else nothing."""
    if choice.judge(state.root, state.count, (), []).go_on:
        return
    # An operator who starts the machine again gets all tries again.
    records.write(State(state.root, 0, state.boot_id, "stood aside"))
    drivers.load_fat(loader)
    try:
        verdict = _hand_over(records, state, disk, table)
    except DoorError as error:
        raise StopBootError(f"{state.count - 1} boots without health, and {error}") from error
    if verdict.stop:
        raise StopBootError(verdict.reason)
    raise BootError(f"{verdict.reason}: the next boot is the other slot's, {verdict.other}")


def boot_id() -> str:
    """The kernel's name for this boot."""
    return text_in("/proc/sys/kernel/random/boot_id")


def _hand_over(records: Records, state: State, disk: Disk, table: Table) -> choice.Verdict:
    slot = layout.find(table, layout.BOOT_TYPE)
    if slot is None:
        raise DoorError("cannot stand aside: the disk has no boot partition")
    with BootPartition(disk.partition(slot + 1).device, "/run/boot-partition") as boot:
        names = boot.names()
        verdict = choice.judge(state.root, state.count, records.blessed(), names)
        mine = slots.key_of(state.root)
        for name in names:
            if verdict.other and name.key == mine:
                boot.rename(name, choice.aside_name(name))
    return verdict
