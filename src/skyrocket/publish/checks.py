"""Is a repository whole? Signatures, ends, and every target's bytes; each fault is said once.

`check` reads everything a client would, and more: a client never looks at all targets.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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
    for role, end in ends(store).items():
        if end <= store.now:
            found.append(f"{role}: expired at {end:%Y-%m-%d %H:%M} UTC")
        elif end <= store.now + soon:
            found.append(f"{role}: expires soon, at {end:%Y-%m-%d %H:%M} UTC")
    found += _unlinked(store)
    for target in store.targets().targets.values():
        fault = _fault(repository.path_of(store, target), target)
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
    whole, length = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                whole.update(chunk)
                length += len(chunk)
    except OSError as error:
        return error.strerror or "cannot be read"
    if length != target.length:
        return f"has {length} bytes instead of {target.length}"
    return (
        "" if whole.hexdigest() == target.hashes["sha256"] else "has other bytes than were signed"
    )
