"""Is a repository whole? Signatures, ends, and every target's bytes; each fault is said once.

`check` reads everything a client would, and more: a client never looks at all targets.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import Root, Snapshot, Targets, Timestamp

from skyrocket.publish import repository

if TYPE_CHECKING:
    from pathlib import Path

    from tuf.api.metadata import TargetFile

    from skyrocket.publish.store import Store

ROLES = (Root.type, Targets.type, Snapshot.type, Timestamp.type)
SOON = timedelta(days=2)


def ends(store: Store) -> dict[str, datetime]:
    """Until when each role's newest signatures count."""
    return {role: store.open(role).signed.expires for role in ROLES}


def faults(store: Store, soon: timedelta = SOON) -> list[str]:
    """What is wrong with STORE, or will be within SOON; nothing when it is whole."""
    repository.manifest(store)
    found = [f"{role}: {lack}" for role in ROLES if (lack := store.lacks(role))]
    if (waiting := store.waiting()) is not None:
        found.append(f"root: {waiting} waits for signatures: repo sign, where its keys are")
    for role, end in ends(store).items():
        way = "repo refresh --root" if role == Root.type else "repo refresh"
        if end <= store.now:
            found.append(f"{role}: expired at {end:%Y-%m-%d %H:%M} UTC: {way}")
        elif end <= store.now + soon:
            found.append(f"{role}: expires soon, at {end:%Y-%m-%d %H:%M} UTC: {way}")
    found += _unlinked(store)
    for target in store.targets().targets.values():
        fault = _fault(store.path_of(target), target)
        found += [f"target {target.path}: {fault}"] if fault else []
    return found


def _unlinked(store: Store) -> list[str]:
    """Where a role does not vouch for the newest version of the next."""
    found = []
    if store.snapshot().meta["targets.json"] != store.targets_infos["targets.json"]:
        found.append("snapshot: does not name the newest targets")
    if store.timestamp().snapshot_meta != store.snapshot_info:
        found.append("timestamp: does not name the newest snapshot")
    return found


def _fault(path: Path, target: TargetFile) -> str:
    try:
        with path.open("rb") as file:
            target.verify_length_and_hashes(file)
    except OSError as error:
        return error.strerror or "cannot be read"
    except LengthOrHashMismatchError as error:
        return str(error)
    return ""
