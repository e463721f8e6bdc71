"""The commands of an update, each from what is kept to what is kept.

`begin` says whether a command may run, before anything happens; `carry_out` runs it. Deliberately
unknown here: sockets, locks and who asked.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from skyrocket.host.slots import signs
from skyrocket.host.slots.record import Records
from skyrocket.host.system import clock, files, journal
from skyrocket.host.update import facts as room
from skyrocket.host.update import kernel_image, memory, other, plan, prepare, settle
from skyrocket.host.update.disk import NodeDisk
from skyrocket.host.update.errors import GoneError, SlotError, SourceError, UpdateError
from skyrocket.models import boots, slots, update_history, update_status
from skyrocket.models.api import UpdateAnswer
from skyrocket.models.boots import Uki
from skyrocket.models.update import MANIFEST, Manifest, Update, Withdrawn
from skyrocket.models.update_history import Attempt
from skyrocket.models.update_status import Command, Image, Kept, Order, Staged, Verb

if TYPE_CHECKING:
    from datetime import datetime

    from skyrocket.host.system.web import Client
    from skyrocket.host.update.facts import Facts
    from skyrocket.host.update.repository import Repository

NOT_ALLOWED = "Update action not allowed according to update state"
GONE = "Previously chosen Update no longer exists"
NOTHING_STAGED = "No update image applied to staging partition"
NOT_BLESSED = "The running version has not proved itself yet: no update before it has"
ON_TRIAL = "The running version is on trial: restart the node, and the one before boots"
NEVER_GOOD = "cannot go back: {version} in the other slot never proved itself on this node"


def begin(verb: Order, facts: Facts) -> UpdateAnswer:
    """Whether VERB may run now, in the words and statuses of upstream's API."""
    now = settle.kept(facts)
    if not update_status.allowed(verb, now.status.update_state):
        return UpdateAnswer(ok=False, status=409, error=NOT_ALLOWED)
    if verb == "prepare" and not facts.blessed:
        return UpdateAnswer(ok=False, status=409, error=NOT_BLESSED)
    if verb == "rollback" and not facts.blessed:
        return UpdateAnswer(ok=False, status=409, error=ON_TRIAL)
    return UpdateAnswer(ok=True)


def carry_out(verb: Order, facts: Facts) -> Kept:
    """Run VERB and remember what came of it."""
    # Clients of the status know upstream's four commands: ours is an activation to them.
    name: Verb = "activate" if verb == "rollback" else verb
    try:
        after = _VERBS[verb](facts, settle.settled(facts))
        said = Command(name, "Success", clock.exact(time.time_ns()), 0, "")
    except Exception as error:  # noqa: BLE001  (whatever it is: it is this command's outcome)
        journal.error(f"update {verb}: {error}")
        after = settle.kept(facts)  # what the command wrote down before it failed
        said = Command(name, "Failed", clock.exact(time.time_ns()), _exit_status(error), str(error))
    status = structs.replace(after.status, most_recent_command=said)
    after = structs.replace(after, status=status, boot=facts.boot)
    memory.write(facts.folder, after)
    return after


def refresh(facts: Facts, before: Kept) -> Kept:
    with closing(room.client(facts.settings)) as client:
        repository, content = _look(facts, client)
    node, now = facts.node(before.failed), repository.time
    offered = plan.available(content, node, now)
    decided = plan.plan(content, node, now)
    journal.info(f"update: {_said(decided)}")
    chosen = _image(decided.update) if isinstance(decided, plan.Plan) else None
    status = structs.replace(
        before.status,
        available_updates=tuple(each.version for each in offered),
        chosen_update=chosen,
    )
    ready = before.status.update_state == "Ready"
    return update_status.with_state(
        structs.replace(before, status=status), facts.image, ready=ready
    )


def write(facts: Facts, before: Kept) -> Kept:
    """`prepare`: put the chosen version into the idle slot."""
    with closing(room.client(facts.settings)) as client:
        repository, content = _look(facts, client)
        order, update = _order(facts, before, repository, content)
        # Until the slot is whole again nothing is staged, whatever happens.
        before = structs.replace(before, staged=None)
        memory.write(facts.folder, update_status.with_state(before, facts.image, ready=False))
        places = prepare.Places(facts.running, facts.folder)
        source = prepare.Source(repository, client)
        told = prepare.prepare(order, source, places, NodeDisk())
    journal.info(
        f"update: {update.version} is in the idle slot; {client.received} bytes received; "
        f"blocks kept {told.kept}, copied {told.copied}, fetched {told.fetched}"
    )
    staged = Staged(_image(update), order.proof.root_hash, order.boot.hashes["sha256"])
    after = structs.replace(before, staged=staged)
    return update_status.with_state(after, facts.image, ready=False)


def _order(
    facts: Facts, before: Kept, repository: Repository, content: Manifest
) -> tuple[prepare.Order, Update]:
    """What is to be written: the chosen update's signed targets."""
    update = _chosen(facts, before, content, repository.time)
    if update.proof is None:
        raise SourceError(f"cannot take {update.version}: nothing proves its blocks")
    names = update.images
    boot, root, tree = (repository.target(name) for name in (names.boot, names.root, names.hash))
    index = repository.target(update.proof.boot_index) if update.proof.boot_index else None
    for target in (boot, root, tree):
        if "sha256" not in target.hashes:
            raise SourceError(f"cannot take {update.version}: {target.path} has no SHA-256")
    return prepare.Order(update.proof, root, tree, boot, index), update


def activate(facts: Facts, before: Kept) -> Kept:
    staged = _staged(before)
    _not_withdrawn(facts, staged.image)
    return _activate(facts, before, staged)


def roll_back(facts: Facts, before: Kept) -> Kept:
    """`rollback`: let the loader try what the other slot still holds, if that is whole."""
    disk = NodeDisk()
    found = other.find(disk, facts.running)
    if found.root_hash not in facts.good:
        raise SlotError(NEVER_GOOD.format(version=found.image.version))
    known = update_history.sha256_of(memory.read_history(facts.folder), found.root_hash)
    if known and known != found.boot_sha256:
        raise SlotError("cannot go back: the kernel image of the other slot is broken")
    other.prove(disk, facts.running, found.root_hash)
    staged = Staged(found.image, found.root_hash, found.boot_sha256, kept=True)
    return _activate(facts, structs.replace(before, staged=staged), staged)


def _activate(facts: Facts, before: Kept, staged: Staged) -> Kept:
    """Write down that the node is ready, then make it so: a cut in between is seen at the boot.

    In the other order a version could be tried, fail, and count as never tried.
    """
    with NodeDisk().boot() as boot:
        kernel_image.check(kernel_image.path_of(boot, staged.root_hash), staged.boot_sha256)
        attempt = _attempt(facts, staged, other.own_hash(boot, facts.running))
        signs.note_worked(Records(facts.private).folder)
        history = memory.read_history(facts.folder)
        memory.write_history(facts.folder, update_history.begun(history, attempt))
        ready = update_status.with_state(before, facts.image, ready=True)
        memory.write(facts.folder, structs.replace(ready, boot=facts.boot))
        older = _older(facts, staged)
        kernel_image.activate(boot, staged.root_hash, facts.running, older=older)
    return ready


def _attempt(facts: Facts, staged: Staged, own: str) -> Attempt:
    return Attempt(
        kind="rollback" if staged.kept else "update",
        from_version=facts.image.version,
        to_version=staged.image.version,
        from_root=facts.running,
        to_root=staged.root_hash,
        began=clock.exact(time.time_ns()),
        boot=facts.boot,
        from_boot_sha256=own,
        to_boot_sha256=staged.boot_sha256,
    )


def deactivate(facts: Facts, before: Kept) -> Kept:
    staged = _staged(before)
    with NodeDisk().boot() as boot:
        kernel_image.deactivate(
            boot, staged.root_hash, facts.running, kept=staged.kept, older=_older(facts, staged)
        )
    history = memory.read_history(facts.folder)
    now = clock.exact(time.time_ns())
    memory.write_history(facts.folder, update_history.cancelled(history, now))
    if staged.kept:
        before = structs.replace(before, staged=None)
    return update_status.with_state(before, facts.image, ready=False)


def _older(facts: Facts, staged: Staged) -> bool:
    """Whether the loader would take the running version and not this one."""
    running, other = (
        Uki(slots.Name(slots.key_of(root)), image.version)
        for root, image in ((facts.running, facts.image), (staged.root_hash, staged.image))
    )
    return boots.stands_before(running, other)


_VERBS = {
    "refresh": refresh,
    "prepare": write,
    "activate": activate,
    "deactivate": deactivate,
    "rollback": roll_back,
}


def _look(facts: Facts, client: Client) -> tuple[Repository, Manifest]:
    """The repository's newest state, and what it offers."""
    if not facts.settings.metadata_base_url or not facts.settings.targets_base_url:
        raise UpdateError(
            "cannot look for updates: settings.updates.metadata-base-url and "
            "settings.updates.targets-base-url are not both set"
        )
    from skyrocket.host.update.repository import Repository  # 200 modules: two commands need none

    files.make_folder(facts.folder)
    repository = Repository(
        f"{facts.folder}/metadata",
        facts.settings.metadata_base_url,
        facts.settings.targets_base_url,
        room.trusted_root(),
        client,
        _passed(facts),
    )
    repository.refresh()
    if (signed := repository.signed_at) is not None:
        memory.raise_floor(facts.folder, signed)
    raw = repository.read_kept(repository.target(MANIFEST), f"{facts.folder}/{MANIFEST}")
    try:
        return repository, msgspec.json.decode(raw, type=Manifest)
    except msgspec.MsgspecError as error:
        raise SourceError(f"cannot read {MANIFEST}: {error}") from error


def _passed(facts: Facts) -> datetime | None:
    """The latest moment that has passed for certain: image built, metadata signed."""
    known = [moment for moment in (room.built(), memory.floor(facts.folder)) if moment]
    return max(known, default=None)


def _chosen(facts: Facts, before: Kept, content: Manifest, now: datetime) -> Update:
    """The update that was chosen, if it may still be had."""
    wanted = before.status.chosen_update
    node = facts.node(())
    for each in plan.available(content, node, now):
        if wanted is not None and _image(each) == wanted:
            return each
    raise GoneError(GONE)


def _not_withdrawn(facts: Facts, image: Image) -> None:
    """SlotError when the last manifest that was believed withdraws IMAGE: no line is needed."""
    raw = files.read(f"{facts.folder}/{MANIFEST}")
    if raw is None:
        return
    gone = msgspec.json.decode(raw, type=Manifest).withdrawn
    if Withdrawn(image.variant, image.arch, image.version) in gone:
        raise SlotError(f"cannot activate {image.version}: it was withdrawn")


def _staged(before: Kept) -> Staged:
    if before.staged is None:
        raise SlotError(NOTHING_STAGED)
    return before.staged


def _image(update: Update) -> Image:
    return Image(update.arch, update.version, update.variant)


def _said(decided: plan.Plan | plan.Stay) -> str:
    return (
        f"{decided.update.version} is chosen" if isinstance(decided, plan.Plan) else decided.reason
    )


def _exit_status(error: Exception) -> int:
    """Upstream's statuses where it has one."""
    return 66 if isinstance(error, GoneError) else 1
