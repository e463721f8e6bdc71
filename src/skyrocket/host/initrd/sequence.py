"""The initrd's one program: from the kernel's first process to the verified root's PID 1.

Everything that needs a block device happens here, so that no unit on the root waits for one.
The function `boot` is the table of contents; each line's detail is one module.
"""

from __future__ import annotations

import os

from skyrocket.host.initrd import (
    counting,
    data,
    drivers,
    etc,
    failure,
    find,
    ground,
    last_words,
    options,
    parameters,
    policy,
    private,
    root,
    switch,
    table,
    trust,
)
from skyrocket.host.initrd.report import Report
from skyrocket.host.slots.record import Records
from skyrocket.host.system import selinux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.options import Options
    from skyrocket.host.slots.record import State
    from skyrocket.host.system.modules import Loader


class Boot:
    """What one boot knows of itself, so that its end can say it."""

    def __init__(self) -> None:
        self.report = Report()
        self.records: Records | None = None
        self.state: State | None = None
        self.reboot_after = 10


def main(argv: list[str]) -> int:
    """Run as PID 1. Ends in the root's PID 1 or in a reboot; returning means a kernel panic."""
    del argv
    this = Boot()
    try:
        boot(this)
    except Exception as error:  # noqa: BLE001  # PID 1 answers for everything that goes wrong
        failure.end(error, this.report, this.records, this.reboot_after)
    return 1


def boot(this: Boot) -> None:
    """From an empty initramfs to systemd."""
    report = this.report
    os.umask(0)
    ground.mount_all()
    report.open()
    command_line = ground.command_line()
    trust.settle(command_line, report)
    trust.look_at_firmware(report)
    wanted = options.parse(command_line)
    this.reboot_after = wanted.reboot_after

    report.stage("watchdog")
    loader = drivers.open_loader(command_line)
    report.facts["watchdog"] = drivers.arm_watchdog(loader, wanted.watchdog)

    report.stage("drivers and disk")
    drivers.load_always(loader, fat=bool(report.facts["efi"]))
    found = find.root_disk(loader, wanted.root_hash, wanted.disk_wait)

    report.stage("partition table")
    plan = table.put_in_order(found)
    for note in plan.notes:
        report.say(note)

    report.stage("boot records")
    kept = private.open_early(found.disk, plan.table)
    if kept.folder:
        count(this, kept, wanted, loader)
    if this.records and this.state:
        counting.stand_aside_if_bad(this.records, this.state, found.disk, plan.table, loader)

    report.stage("root")
    root.mount_root(found, wanted.root_hash, wanted.on_corruption)
    parameters.set_all(report)

    report.stage("policy")
    labelled = policy.load()

    report.stage("data")
    data.mount_data(found, plan.table, report, policy.option(policy.LOCAL, active=labelled))

    report.stage("private")
    private.place(kept, report)
    if this.records:
        this.records = Records(kept.folder)
    else:
        count(this, kept, wanted, loader)

    report.stage("etc")
    etc.make_etc(policy.option(policy.ETC, active=labelled))
    report.facts["machine_id"] = etc.write_machine_id(kept.folder)
    policy.label_private(kept.folder, active=labelled, label=selinux.label)

    report.stage("switch root")
    tell(report, found, wanted, plan)
    if this.records and this.state:
        this.records.write(this.state.reached("systemd started"))
    switch.switch_root(options.for_pid_1(command_line))


def count(this: Boot, kept: private.Private, wanted: Options, loader: Loader) -> None:
    """Read why the last boot ended, then write down that this one begins."""
    records = Records(kept.folder)
    previous = records.read()
    this.report.facts["previous_boot"] = {
        "boot_id": previous.boot_id,
        "stage": previous.stage,
        "ended": last_words.gather(loader, records, previous),
    }
    this.state = counting.begin(records, wanted.root_hash, this.report)
    this.records = records


def tell(report: Report, found: find.Found, wanted: Options, plan: table.Plan) -> None:
    """The facts of this boot for the node."""
    entry = plan.table.entries[found.root_slot]
    report.facts["disk"] = found.disk.device
    report.facts["root_hash"] = wanted.root_hash
    report.facts["slot"] = entry.name if entry else ""
    report.facts["first_boot"] = plan.first_boot
    report.facts["partition_table"] = list(plan.notes)
    report.write()
