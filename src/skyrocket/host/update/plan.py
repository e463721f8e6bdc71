"""Which version a node takes: `plan` over a manifest, the node's own words, and the time. Pure.

The rules are upstream's (`updog`), and on top of them what is ours: withdrawn versions, a least
age, and versions that failed here. Deliberately unknown here: where manifest and time come from.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from skyrocket.models import update, version
from skyrocket.models.update import Manifest, Ramp, Update

LATEST = "latest"


class Node(Struct, frozen=True, kw_only=True):
    """What a node brings to the choice; FAILED are versions that were taken back here."""

    variant: str
    arch: str
    version: str
    seed: int
    version_lock: str = LATEST
    ignore_waves: bool = False
    ramp: Ramp = "absolute"
    least_age: timedelta = timedelta(0)
    failed: tuple[str, ...] = ()


class Plan(Struct, frozen=True):
    """Take UPDATE."""

    update: Update


class Stay(Struct, frozen=True):
    """Take none, and why."""

    reason: str


def available(manifest: Manifest, node: Node, now: datetime) -> list[Update]:
    """What NODE may have at NOW, the newest first."""
    found = []
    for each in update.matching(manifest, node.variant, node.arch):
        waits = not node.ignore_waves and not update.ready(each, node.seed, now, node.ramp)
        young = each.released is not None and now < each.released + node.least_age
        if not (waits or young or update.withdrawn(manifest, each)):
            found.append(each)
    return found


def plan(manifest: Manifest, node: Node, now: datetime) -> Plan | Stay:
    """What NODE does at NOW.

    A locked version is taken as soon as it may be had, also an older one. `latest` takes what is
    newer, or what a node must go back to because its own version is above the last one allowed.
    """
    offered = available(manifest, node, now)
    if node.version_lock != LATEST:
        return _locked(offered, node)
    for each in offered:
        if each.version in node.failed:
            continue
        above = version.newer(node.version, each.max_version)
        if version.newer(each.version, node.version) or above:
            return Plan(each)
    if any(each.version in node.failed for each in offered):
        return Stay("what is newer failed on this node before")
    return Stay("there is nothing newer")


def _locked(offered: list[Update], node: Node) -> Plan | Stay:
    wanted = node.version_lock.removeprefix("v")
    if version.compare(wanted, node.version) == 0:
        return Stay(f"the node is at {wanted}, where it is locked")
    for each in offered:
        if version.compare(each.version, wanted) == 0:
            return Plan(each)
    return Stay(f"version {wanted}, where the node is locked, may not be had")
