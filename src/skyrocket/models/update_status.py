"""What a node says of its update: upstream's status document, and which command may follow which.

The document's words and shape are those of the wire (`GET /updates/status`); `Kept` is what the
node itself remembers over a reboot. Pure; deliberately unknown here: files, locks and slots.
"""

from collections.abc import Container
from typing import Literal

from msgspec import Struct, structs

State = Literal["Idle", "Available", "Staged", "Ready"]
Verb = Literal["refresh", "prepare", "activate", "deactivate"]
Order = Literal["refresh", "prepare", "activate", "deactivate", "rollback"]
"""What the updater is asked for: `rollback` is ours, and an activation to upstream's clients."""

_ALLOWED: dict[Order, tuple[State, ...]] = {
    "refresh": ("Idle", "Available", "Staged", "Ready"),
    "prepare": ("Available", "Staged"),
    "activate": ("Staged",),
    "deactivate": ("Ready",),
    "rollback": ("Idle", "Available"),
}


class Image(Struct, frozen=True):
    arch: str
    version: str
    variant: str


class Slot(Struct, frozen=True):
    """A version in a slot, and whether the next boot takes it."""

    image: Image
    next_to_boot: bool


class Command(Struct, frozen=True):
    """The last command; TIMESTAMP is its end, RFC 3339 with nanoseconds."""

    cmd_type: Verb
    cmd_status: Literal["Success", "Failed", "Unknown"]
    timestamp: str
    exit_status: int | None = None
    stderr: str | None = None


class Status(Struct, frozen=True):
    """Every key is always there, null included."""

    update_state: State = "Idle"
    available_updates: tuple[str, ...] = ()
    chosen_update: Image | None = None
    active_partition: Slot | None = None
    staging_partition: Slot | None = None
    most_recent_command: Command | None = None


class Staged(Struct, frozen=True):
    """What lies in the idle slot, whole: its root hash, and the SHA-256 of its kernel image.

    KEPT: it ran here before and was never taken away; nothing was fetched for it.
    """

    image: Image
    root_hash: str
    boot_sha256: str
    kept: bool = False


class Kept(Struct, frozen=True):
    """STATUS as the boot BOOT left it; FAILED are versions that were taken back.

    TRIAL came with an update and had not proved itself when this was written.
    """

    status: Status = Status()
    boot: str = ""
    staged: Staged | None = None
    failed: tuple[str, ...] = ()
    trial: Staged | None = None


def allowed(verb: Order, state: State) -> bool:
    return state in _ALLOWED[verb]


def state_of(chosen: Image | None, staged: Staged | None, *, ready: bool) -> State:
    """Where a node stands: what is in the idle slot counts more than what may be had."""
    if staged is not None:
        return "Ready" if ready else "Staged"
    return "Available" if chosen is not None else "Idle"


def at_boot(
    kept: Kept,
    running: str,
    boot: str,
    image: Image,
    good: Container[str],
    *,
    started: bool = True,
) -> Kept:
    """KEPT as it is true in boot BOOT of root RUNNING, whose version is IMAGE.

    An activated version that runs now has arrived, on trial. One that does not run although the
    loader STARTED it, or that ran and was left before it was among the GOOD roots, was taken back:
    it is not tried again by itself. Nor is one that somebody went back from.
    """
    if kept.boot == boot:
        return kept
    status, staged, failed, trial = kept.status, kept.staged, kept.failed, kept.trial
    if staged is not None and staged.root_hash == running:
        if staged.kept and status.active_partition is not None:
            failed = _with(failed, status.active_partition.image.version)
        trial, staged = staged, None
        status = structs.replace(status, chosen_update=None)
    elif staged is not None and status.update_state == "Ready" and started:
        failed = _with(failed, staged.image.version)
        staged, status = None, structs.replace(status, chosen_update=None)
    elif staged is not None and staged.kept:
        staged = None
    if trial is not None and trial.root_hash in good:
        failed = tuple(each for each in failed if each != trial.image.version)
        trial = None
    elif trial is not None and trial.root_hash != running:
        failed, trial = _with(failed, trial.image.version), None
    return with_state(Kept(status, boot, staged, failed, trial), image, ready=False)


def _with(failed: tuple[str, ...], number: str) -> tuple[str, ...]:
    return failed if number in failed else (*failed, number)


def with_state(kept: Kept, image: Image, *, ready: bool) -> Kept:
    """KEPT with the state and slots that follow from what is staged and whether it boots next."""
    staged = kept.staged
    status = structs.replace(
        kept.status,
        update_state=state_of(kept.status.chosen_update, staged, ready=ready),
        active_partition=Slot(image, next_to_boot=not ready),
        staging_partition=Slot(staged.image, next_to_boot=ready) if staged else None,
    )
    return structs.replace(kept, status=status)
