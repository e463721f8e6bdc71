"""The verb `parameters`: have the loader give the kernel the words that the settings ask for.

    skyrocket parameters change    after a change of the settings: for the next boot
    skyrocket parameters boot      this boot has other words than the settings ask for

The words go into an addon beside this version's kernel image, so that a version that cannot boot
with them leaves the other slot as it was. `boot` starts the machine again if the settings want that
and the addon has just changed: once, because the next boot finds it as it should be. A version on
trial is never started again for it: that would be its end.
"""

from __future__ import annotations

import os
import signal

import msgspec

from skyrocket.command import CommandError
from skyrocket.host.slots import addons, bless
from skyrocket.host.slots.boot_partition import BootPartition
from skyrocket.host.slots.record import Records
from skyrocket.host.system import files, journal, proc, systemd
from skyrocket.host.system.faults import DoorError
from skyrocket.models import addon
from skyrocket.models.boot_parameters import (
    FOLDER,
    INITRD,
    OUTCOME,
    RECONCILE,
    Firmware,
    Report,
    joined,
    refusal,
)

PRIVATE = "/var/lib/bottlerocket"
AGAIN = "the settings asked for other words for the kernel"
NOT_TAKEN = "the boot loader did not give the kernel the words of its addon"


class Mode(msgspec.Struct, frozen=True):
    """Why we were started: by a boot, and whether the machine may start AGAIN for it."""

    at_boot: bool = False
    again: bool = False


class Plan(msgspec.Struct, frozen=True):
    """What to do to the addon, and what to tell; WRITE is None when nothing is written."""

    write: bytes | None = None
    remove: bool = False
    reboot: bool = False
    trouble: str = ""


def plan(made: bytes | None, there: bytes | None, mode: Mode) -> Plan:
    """What makes of the addon THERE the one that is to be MADE; None: there is none. Pure.

    >>> plan(None, b"an addon", Mode()).remove
    True
    """
    if made == there:
        # A boot asks because it has other words than these.
        return Plan(trouble=NOT_TAKEN if mode.at_boot else "")
    return Plan(made, remove=made is None, reboot=mode.at_boot and mode.again)


def main(argv: list[str]) -> int:
    # A restart right after a change ends us: in a moment, when the addon is written.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        report = run(at_boot=argv == ["boot"])
    except (CommandError, DoorError, OSError, msgspec.MsgspecError) as error:
        report = Report(degraded=[f"cannot write the words for the kernel: {error}"])
    for trouble in report.degraded:
        journal.error(trouble)
    files.replace(OUTCOME, msgspec.json.encode(report) + b"\n")
    return 0


def run(*, at_boot: bool) -> Report:
    """Look, decide, do."""
    wanted, root = wanted_words(), proc.root_hash()
    firmware = msgspec.json.decode(files.read(INITRD) or b"{}", type=Firmware)
    against = refusal(wanted, firmware)
    if against:
        trouble = f"cannot give the kernel {' '.join(wanted)}: {against}"
        return Report(firmware.additions, [trouble])
    if not firmware.efi or firmware.secure_boot:
        return Report(firmware.additions)
    made = addon.compose(wanted, os.uname().machine) if wanted else None
    again = files.read(RECONCILE) is not None and not bless.on_trial(root)
    with BootPartition(bless.device_of_boot()) as boot:
        decided = plan(made, addons.read(boot, root), Mode(at_boot, again))
        do(decided, boot, root)
    if decided.reboot:
        Records(PRIVATE).leave_reason(AGAIN)
        systemd.reboot()
    return Report(wanted, [decided.trouble] if decided.trouble else [])


def do(decided: Plan, boot: BootPartition, root_hash: str) -> None:
    """Carry out what was DECIDED for the addon of ROOT_HASH's kernel image."""
    if decided.write is not None:
        addons.write(boot, root_hash, decided.write)
    if decided.remove:
        addons.remove(boot, root_hash)


def wanted_words(folder: str = FOLDER) -> list[str]:
    """What the rendered files in FOLDER say, in the order of their names."""
    texts = [files.read(f"{folder}/{name}") or b"" for name in sorted(files.names(folder))]
    return joined(text.decode("ascii") for text in texts)
