"""The verb `health`: judge this boot, bless its slot, start the count of boots anew.

    skyrocket health            wait until the boot has settled, then judge and act
    skyrocket health stopped    the machine goes down in order: the next boot looks for no reason
    skyrocket health failed UNIT    after an essential unit's end: keep why, if it failed

A boot is good when the API answers `GET /os` and no unit has failed that the node cannot do
without. A boot on trial that is not good in time is started again: the loader then takes the
other slot. Any other bad boot stays up, since a degraded node is worth more than a loop.
Nobody else blesses.
"""

from __future__ import annotations

import json
import os
import sys
import time

from skyrocket.command import CommandError
from skyrocket.host.slots import bless
from skyrocket.host.slots.record import STOPPED, Records
from skyrocket.host.system import efi, files, proc, systemd, units
from skyrocket.host.system.faults import DoorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PRIVATE = "/var/lib/bottlerocket"
STATE_FILE = "/run/skyrocket/health.json"
API_SOCKET = "/run/api.sock"
ESSENTIAL = (
    "skyrocket-boot.service",
    "skyrocket-api.service",
    "containerd.service",
    "host-containerd.service",
    "systemd-networkd.service",
)
_WAIT = 180.0
_STEP = 0.5


class Facts:
    """What was seen: whether the API answers, and which essential units have failed."""

    __slots__ = ("api", "failed")

    def __init__(self, *, api: bool, failed: tuple[str, ...]) -> None:
        self.api = api
        self.failed = failed


def faults(facts: Facts) -> list[str]:
    """What speaks against this boot; nothing when it is good."""
    found = [] if facts.api else ["the API does not answer GET /os"]
    return found + [f"{unit} has failed" for unit in facts.failed]


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
    except (CommandError, DoorError, OSError) as error:
        sys.stderr.write(f"cannot judge this boot: {error}\n")
        return 1


def _judge() -> int:
    against = _settle(time.monotonic() + _WAIT)
    root = proc.root_hash()
    if against:
        return _bad(root, against)
    records = Records(PRIVATE)
    done = bless.bless(root)
    records.bless(root)
    records.write(records.read().healthy())
    _say({"healthy": True, "slot": done.note, "root_hash": root})
    sys.stdout.write(f"this boot is good; slot: {done.note}\n")
    return 0


def _bad(root: str, against: list[str]) -> int:
    reason = "; ".join(against)
    trial = bless.on_trial(root)
    _say({"healthy": False, "reasons": against, "trial": trial, "root_hash": root})
    sys.stderr.write(f"this boot is not good: {reason}\n")
    if trial:
        Records(PRIVATE).leave_reason(f"the new version was not healthy: {reason}")
        systemd.reboot()
    return 1


def _settle(deadline: float) -> list[str]:
    """Look until nothing speaks against the boot or DEADLINE is over -> what still does."""
    while against := faults(Facts(api=_api_answers(), failed=units.failed(ESSENTIAL))):
        if time.monotonic() > deadline:
            return against
        time.sleep(_STEP)
    return []


def _api_answers() -> bool:
    """One `GET /os` over the socket, by hand: an HTTP library would cost more than the question."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as channel:
        channel.settimeout(5.0)
        try:
            channel.connect(API_SOCKET)
            channel.sendall(b"GET /os HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return channel.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False


def _failed(unit: str, end: Mapping[str, str]) -> int:
    """Systemd tells an ExecStopPost= how the unit ended (systemd.exec(5), $SERVICE_RESULT)."""
    result = end.get("SERVICE_RESULT", "success")
    if result != "success":
        status = end.get("EXIT_STATUS", "unknown")
        Records(PRIVATE).leave_reason(f"{unit} failed: {result}, status {status}")
    return 0


def _stopped() -> int:
    records = Records(PRIVATE)
    records.write(records.read().reached(STOPPED))
    return 0


def _say(facts: dict[str, object]) -> None:
    checked = efi.secure_boot() if efi.make_readable() else None
    files.replace(STATE_FILE, f"{json.dumps({**facts, 'secure_boot': checked})}\n".encode())
