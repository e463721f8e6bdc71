"""What the updater remembers on the private partition, and the lock of a command.

The API reads both and writes neither. Deliberately unknown here: what the document says.
"""

from __future__ import annotations

import fcntl
import os
import time
from datetime import datetime

import msgspec

from skyrocket.host.system import files
from skyrocket.models.update_status import Kept

FOLDER = "/var/lib/bottlerocket/boot/update"
DOCUMENT = "status.json"
FLOOR = "time"
LOCK = "/run/skyrocket/update.lock"


def read(folder: str) -> Kept | None:
    """What was kept; None before the first command. A document that is broken counts as none."""
    raw = files.read(f"{folder}/{DOCUMENT}")
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=Kept)
    except msgspec.MsgspecError:
        return None


def write(folder: str, kept: Kept) -> None:
    files.replace(f"{folder}/{DOCUMENT}", msgspec.json.encode(kept), durable=True)


def floor(folder: str) -> datetime | None:
    """The latest moment that signed metadata proved to have passed; None: none yet."""
    raw = files.read(f"{folder}/{FLOOR}")
    try:
        return datetime.fromisoformat(raw.decode("ascii")) if raw else None
    except ValueError:
        return None


def raise_floor(folder: str, moment: datetime) -> None:
    """Remember that MOMENT has passed; a floor is never lowered."""
    before = floor(folder)
    if before is None or moment > before:
        files.replace(f"{folder}/{FLOOR}", moment.isoformat().encode("ascii"), durable=True)


def hold(path: str = LOCK, patience: float = 1.0) -> int | None:
    """Take the lock for a command -> its descriptor; None when another command has it.

    Who reads the status has the lock for a moment: that is waited for, PATIENCE seconds at most.
    """
    until = time.monotonic() + patience
    while (descriptor := _locked(path, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX)) is None:
        if time.monotonic() >= until:
            return None
        time.sleep(0.01)
    return descriptor


def held(path: str = LOCK) -> bool:
    """Whether a command is under way."""
    try:
        descriptor = _locked(path, os.O_RDONLY, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _locked(path: str, flags: int, kind: int) -> int | None:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
