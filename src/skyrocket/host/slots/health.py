"""The verb `health`: judge this boot, bless its slot, start the count of boots anew.

    skyrocket health            look until the verdict is clear, then act
    skyrocket health stopped    the unit ends: when the machine goes down in order, the next boot
                                looks for no reason, and a version on trial has its try back
    skyrocket health failed UNIT    after an essential unit's end: keep why, if it failed

What a good boot is stands in `models.health`. A version on trial that is not good in time is
started again: the loader then takes the other slot. Any other bad boot stays up, since a degraded
node is worth more than a loop. Nobody else blesses.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from skyrocket.command import CommandError
from skyrocket.host.slots import bless, signs
from skyrocket.host.slots.record import ASKED, STOPPED, Records
from skyrocket.host.system import efi, files, proc, systemd, units
from skyrocket.host.system.bus import BusError
from skyrocket.host.system.faults import DoorError
from skyrocket.host.system.text import text_in
from skyrocket.models import health

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyrocket.models.health import Condition

PRIVATE = "/var/lib/bottlerocket"
UPDATES = f"{PRIVATE}/boot/update/status.json"
STATE_FILE = "/run/skyrocket/health.json"
_STEP = 0.5


def main(argv: list[str]) -> int:
    """Judge, act, say: 0 when the boot is good."""
    try:
        match argv:
            case ["stopped"]:
                return _stopped()
            case ["failed", unit]:
                return _failed(unit, os.environ)
            case _:
                return _judge()
    except (CommandError, DoorError, BusError, OSError) as error:
        sys.stderr.write(f"cannot judge this boot: {error}\n")
        return 1


def _judge() -> int:
    root = proc.root_hash()
    trial = bless.on_trial(root)
    _tell_updater()
    found = _settle(root, trial=trial)
    if health.judge(found, over=True) == "bad":
        return _bad(root, found, trial=trial)
    records = Records(PRIVATE)
    done = bless.bless(root)
    records.bless(root)
    records.write(records.read().healthy())
    _tell_updater()
    _say({"healthy": True, "slot": done.note, "trial": trial, "root_hash": root}, found)
    sys.stdout.write(f"this boot is good; slot: {done.note}\n")
    return 0


def _settle(root: str, *, trial: bool) -> list[Condition]:
    """Look until the verdict is clear or time is over -> the last look."""
    asked = signs.policy()
    looking = signs.Signs(asked, Records(PRIVATE).folder, trial=trial)
    until = time.monotonic() + asked.deadline
    before: list[Condition] = []
    while True:
        over = time.monotonic() >= until
        found = health.conditions(looking.look(thorough=over), asked)
        if trial and found != before:
            _say({"healthy": None, "trial": True, "root_hash": root}, found)
        before = found
        if health.judge(found, over=over) != "wait":
            return found
        if all(each.state != "waiting" or each.name.startswith("check ") for each in found):
            looking.start_checks()
        time.sleep(_STEP)


def _bad(root: str, found: list[Condition], *, trial: bool) -> int:
    against = health.against(found)
    reason = "; ".join(against)
    _say({"healthy": False, "reasons": against, "trial": trial, "root_hash": root}, found)
    sys.stderr.write(f"this boot is not good: {reason}\n")
    if trial:
        Records(PRIVATE).leave_reason(f"the new version was not healthy: {reason}")
        systemd.reboot()
    return 1


def _tell_updater() -> None:
    """Have what is remembered of updates follow this boot; nothing where there never was one."""
    if not os.path.exists(UPDATES):
        return
    from skyrocket.host.update import facts, memory, settle
    from skyrocket.host.update.errors import UpdateError

    lock = memory.hold(patience=_STEP)
    if lock is None:
        return  # a command is under way, which does the same
    try:
        settle.settled(facts.read())
    except (UpdateError, DoorError, OSError) as error:
        sys.stderr.write(f"cannot say what became of the last update: {error}\n")
    finally:
        os.close(lock)


def _failed(unit: str, end: Mapping[str, str]) -> int:
    """Systemd tells an ExecStopPost= how the unit ended (systemd.exec(5), $SERVICE_RESULT)."""
    result = end.get("SERVICE_RESULT", "success")
    if result != "success":
        status = end.get("EXIT_STATUS", "unknown")
        Records(PRIVATE).leave_reason(f"{unit} failed: {result}, status {status}")
    return 0


def _stopped() -> int:
    if not units.stopping():
        return 0
    records = Records(PRIVATE)
    records.write(records.read().reached(STOPPED))
    said = json.loads(text_in(STATE_FILE) or "{}")
    if said.get("trial") and said.get("healthy") is None and os.path.exists(ASKED):
        note = bless.give_back(proc.root_hash())
        sys.stdout.write(f"restarted before the verdict; slot: {note}\n")
    return 0


def _say(facts: dict[str, Any], found: list[Condition]) -> None:
    checked = efi.secure_boot() if efi.make_readable() else None
    shown = [each._asdict() for each in found]
    for each in shown:
        del each["final"]
    document = {**facts, "secure_boot": checked, "conditions": shown}
    files.replace(STATE_FILE, f"{json.dumps(document)}\n".encode())
