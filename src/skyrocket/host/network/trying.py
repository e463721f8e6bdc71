"""A net.toml on trial: the one before it is kept beside it until somebody confirms.

    net.toml          what the node's network follows
    net-trial.json    the trial, with the earlier text; none: there was no file

The trial is on the disk before the new text is, and goes after the earlier one is back, so a power
cut in between leaves a trial that takes back what is there already. Who looks at the clock is not
known here: the API while a node runs, the boot verb at its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.system import files, journal
from skyrocket.models import trials
from skyrocket.models.trials import Trial

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK, KEPT = "/var/lib/bottlerocket/net.toml", "/var/lib/bottlerocket/net-trial.json"
UNIT = "skyrocket-network.service"
NAME = "net.toml"
_BYTES = "latin-1"
"""Every byte is a letter of it: what somebody put there by hand comes back as it was."""


class Places(msgspec.Struct, frozen=True):
    """The two files."""

    network: str = NETWORK
    kept: str = KEPT


def read(places: Places) -> Trial | None:
    """The trial there is; one that cannot be read is told, and is none."""
    raw = files.read(places.kept)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=Trial)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        journal.error(f"cannot read {places.kept}, so the network stays as it is: {error}")
        return None


def begin(places: Places, raw: bytes, window: float, now: float, boot: str) -> None:
    """Put RAW in place for WINDOW seconds."""
    before = files.read(places.network)
    earlier = {} if before is None else {NAME: before.decode(_BYTES)}
    keep(places, Trial((NAME,), earlier, window, now + window, boot))
    files.replace(places.network, raw, 0o600, durable=True)


def keep(places: Places, trial: Trial | None) -> None:
    """Have TRIAL on the disk; None: it is over, whatever net.toml says now stays."""
    if trial is not None:
        files.replace(places.kept, msgspec.json.encode(trial), 0o600, durable=True)
        return
    files.remove(places.kept)
    files.sync_folder(places.kept.rpartition("/")[0])


def take_back(places: Places, trial: Trial) -> None:
    """Put what was there before TRIAL back; systemd sees the file change."""
    journal.warning(f"the change of {NAME} goes back")
    text = trial.earlier.get(NAME)
    if text is None:
        files.remove(places.network)
        files.sync_folder(places.network.rpartition("/")[0])
    else:
        files.replace(places.network, text.encode(_BYTES), 0o600, durable=True)
    keep(places, None)


def settle(
    places: Places, now: float, boot: str, start: Callable[[str], None]
) -> trials.BootVerdict | None:
    """Decide at the start of a BOOT: go on, a second window, or back -> what it was.

    networkd may have read the files by then: the network's unit is asked to START anew.
    """
    trial = read(places)
    if trial is None:
        return None
    verdict = trials.judge_boot(trial, now, boot)
    if verdict == "renew":
        keep(places, trials.renewed(trial, now, boot))
    elif verdict != "wait":
        take_back(places, trial)
        start(UNIT)
    return verdict
