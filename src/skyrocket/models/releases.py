"""How a publisher changes a manifest: a version comes, gets waves, is withdrawn. Pure.

Rules are those of upstream's `updata`. Deliberately unknown here: keys, targets and files.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct, structs

from skyrocket.models import version
from skyrocket.models.update import SEEDS, Manifest, Update, Withdrawn

EMPTY = Manifest([], {})
_UNITS = {
    "second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600,
    "day": 86400, "days": 86400, "week": 604800, "weeks": 604800,
}  # fmt: skip


class ReleaseError(Exception):
    """A change of a manifest that cannot be made; HINT is the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a wave file: until the next one, this percentage of the fleet may come."""

    start_after: str
    fleet_percentage: int


class WavePlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A wave file, as upstream's."""

    waves: list[Step]


class Kind(NamedTuple):
    """What an update is for."""

    variant: str
    arch: str
    version: str


def kind(update: Update) -> Kind:
    return Kind(update.variant, update.arch, update.version)


def added(manifest: Manifest, update: Update) -> Manifest:
    """MANIFEST with UPDATE; nodes of its kind may go up to its version, and not back below."""
    if any(kind(each) == kind(update) for each in manifest.updates):
        raise ReleaseError(
            f"cannot add {_said(kind(update))}: it is there already",
            "a version that changed needs another number",
        )
    if Withdrawn(*kind(update)) in manifest.withdrawn:
        raise ReleaseError(
            f"cannot add {_said(kind(update))}: it was withdrawn",
            "publish a version with another number",
        )
    everything = [*manifest.updates, update]
    return _capped(structs.replace(manifest, updates=everything), update.variant, update.arch)


def with_waves(manifest: Manifest, wanted: Kind, plan: WavePlan, start: datetime) -> Manifest:
    """MANIFEST with PLAN for one version, counted from START."""
    changed = structs.replace(_found(manifest, wanted), waves=bounds(plan, start))
    updates = [changed if kind(each) == wanted else each for each in manifest.updates]
    return structs.replace(manifest, updates=updates)


def without(manifest: Manifest, wanted: Kind) -> Manifest:
    """MANIFEST after a version was withdrawn: nodes that have it are sent to the newest left."""
    _found(manifest, wanted)
    left = [each for each in manifest.updates if kind(each) != wanted]
    gone = [*manifest.withdrawn, Withdrawn(*wanted)]
    changed = structs.replace(manifest, updates=left, withdrawn=gone)
    return _capped(changed, wanted.variant, wanted.arch)


def bounds(plan: WavePlan, start: datetime) -> dict[int, datetime]:
    """First seed and moment of each wave of PLAN."""
    found: dict[int, datetime] = {}
    percentage, last = 0, None
    for step in plan.waves:
        if not 0 < step.fleet_percentage <= 100:
            raise ReleaseError(f"cannot use waves: {step.fleet_percentage} % is not from 1 to 100")
        if step.fleet_percentage <= percentage:
            raise ReleaseError(
                f"cannot use waves: {step.fleet_percentage} % does not come after {percentage} %, "
                "percentages must grow"
            )
        moment = start + offset(step.start_after)
        if last is not None and moment <= last:
            raise ReleaseError(
                f"cannot use waves: '{step.start_after}' is not after the one before"
            )
        found[percentage * SEEDS // 100] = last = moment
        percentage = step.fleet_percentage
    return found


def offset(text: str) -> timedelta:
    """`1 hour`, `2 days`, `in 7 days`."""
    words = text.removeprefix("in ").split()
    if len(words) != 2 or not words[0].isdecimal() or words[1] not in _UNITS:
        raise ReleaseError(f"cannot use waves: '{text}' is no time like '2 hours'")
    return timedelta(seconds=int(words[0]) * _UNITS[words[1]])


def _capped(manifest: Manifest, variant: str, arch: str) -> Manifest:
    """MANIFEST whose updates of this kind all name the newest of them as the last allowed."""
    versions = [
        each.version for each in manifest.updates if (each.variant, each.arch) == (variant, arch)
    ]
    top = ""
    for each in versions:
        top = each if not top or version.newer(each, top) else top
    updates = [
        structs.replace(each, max_version=top)
        if (each.variant, each.arch) == (variant, arch)
        else each
        for each in manifest.updates
    ]
    return structs.replace(manifest, updates=updates)


def _found(manifest: Manifest, wanted: Kind) -> Update:
    for each in manifest.updates:
        if kind(each) == wanted:
            return each
    known = ", ".join(sorted({each.version for each in manifest.updates})) or "none"
    raise ReleaseError(f"cannot find {_said(wanted)} in the repository: it has {known}")


def _said(wanted: Kind) -> str:
    return f"{wanted.version} for {wanted.variant} ({wanted.arch})"
