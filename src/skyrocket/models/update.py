"""What an update repository says of its versions: `manifest.json`, and the rules of waves. Pure.

The document is Bottlerocket's (`update_metadata`, its JSON): other readers must go on parsing it,
and ignore what is ours (`proof`, `released`, `withdrawn`). Deliberately unknown here: signatures,
files and this node (`skyrocket.host.update.plan` chooses).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, field

from skyrocket.models import version

SEEDS = 2048
"""Nodes draw a seed below this; a wave begins at a seed and a moment."""

MANIFEST = "manifest.json"
SIGNED_AT = "signed-at"
"""Ours, in the timestamp role: when it was signed. Other readers pass over it."""
Ramp = Literal["absolute", "offset"]
"""How a node's moment inside its wave follows from its seed.

`absolute` is upstream's rule, to the nanosecond: the whole seed counts, so the nodes of a late wave
come all together when the wave is over. `offset` counts from the wave's first seed, as was meant.
"""


class Images(Struct, frozen=True):
    """Names of targets: kernel image, root file system, its hash tree."""

    boot: str
    root: str
    hash: str


class Proof(Struct, frozen=True, rename="kebab"):
    """Ours: what makes each block of a version checkable before it is written.

    BOOT_INDEX is the target with the kernel image's block index; "": it comes whole.
    """

    root_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    build_id: str = ""
    boot_index: str = ""


class Update(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version for one variant and architecture; WAVES from first seed to moment."""

    variant: str
    arch: str
    version: str
    max_version: str
    waves: dict[int, datetime]
    images: Images
    proof: Proof | None = None
    released: datetime | None = None


class Withdrawn(Struct, frozen=True):
    """A version nobody shall take any more."""

    variant: str
    arch: str
    version: str


class Manifest(Struct, frozen=True, omit_defaults=True):
    updates: list[Update]
    migrations: dict[str, list[str]]
    withdrawn: list[Withdrawn] = field(default_factory=list)


class Wave(NamedTuple):
    """Where a seed stands: the bounds (seed, moment) before and after it; None where there is none.

    A bound's own seed belongs to the wave before it, as upstream has it.
    """

    start: tuple[int, datetime] | None
    end: tuple[int, datetime] | None


def wave_of(waves: dict[int, datetime], seed: int) -> Wave:
    before = [bound for bound in sorted(waves.items()) if bound[0] < seed]
    after = [bound for bound in sorted(waves.items()) if seed <= bound[0] <= SEEDS]
    return Wave(before[-1] if before else None, after[0] if after else None)


def ready(update: Update, seed: int, now: datetime, ramp: Ramp = "absolute") -> bool:
    """Whether the wave lets a node with SEED take UPDATE at NOW."""
    moment = ready_at(update, seed, ramp)
    return moment is None or nanoseconds(now) >= moment


def ready_at(update: Update, seed: int, ramp: Ramp = "absolute") -> int | None:
    """Nanoseconds since 1970 from which SEED may take UPDATE; None: at any time."""
    start, end = wave_of(update.waves, seed)
    if start is None:
        return None
    begin = nanoseconds(start[1])
    if end is None:
        return begin
    length = nanoseconds(end[1]) - begin
    seeds = end[0] - start[0]
    position = seed if ramp == "absolute" else seed - start[0]
    # Who has passed the whole wave is ready whatever the position says.
    return min(begin + length // seeds * position, begin + length)


def nanoseconds(moment: datetime) -> int:
    """MOMENT since 1970, exactly."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def matching(manifest: Manifest, variant: str, arch: str) -> list[Update]:
    """What MANIFEST has for a kind of node, the newest version first."""
    found = [each for each in manifest.updates if (each.variant, each.arch) == (variant, arch)]
    return sorted(found, key=cmp_to_key(_order), reverse=True)


def _order(left: Update, right: Update) -> int:
    return version.compare(left.version, right.version)


def withdrawn(manifest: Manifest, update: Update) -> bool:
    return Withdrawn(update.variant, update.arch, update.version) in manifest.withdrawn
