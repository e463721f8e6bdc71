"""The four commands of an update, each from what is kept to what is kept.

`begin` says whether a command may run, before anything happens; `carry_out` runs it. Deliberately
unknown here: sockets, locks and who asked.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from skyrocket.host.system import files, journal
from skyrocket.host.update import facts as room
from skyrocket.host.update import kernel_image, memory, plan, prepare
from skyrocket.host.update.disk import NodeDisk
from skyrocket.host.update.errors import GoneError, SlotError, SourceError, UpdateError
from skyrocket.models import update_status, version
from skyrocket.models.api import UpdateAnswer
from skyrocket.models.update import MANIFEST, Manifest, Update, Withdrawn
from skyrocket.models.update_status import Command, Image, Kept, Staged, Verb

if TYPE_CHECKING:
    from skyrocket.host.system.web import Client
    from skyrocket.host.update.facts import Facts
    from skyrocket.host.update.repository import Repository

NOT_ALLOWED = "Update action not allowed according to update state"
GONE = "Previously chosen Update no longer exists"
NOTHING_STAGED = "No update image applied to staging partition"
NOT_BLESSED = "The running version has not proved itself yet: no update before it has"


def kept(facts: Facts) -> Kept:
    """What is remembered, as it is true in this boot."""
    found = memory.read(facts.folder) or Kept(boot=facts.boot)
    return update_status.at_boot(found, facts.running, facts.boot, facts.image, facts.good)


def begin(verb: Verb, facts: Facts) -> UpdateAnswer:
    """Whether VERB may run now, in the words and statuses of upstream's API."""
    now = kept(facts)
    if not update_status.allowed(verb, now.status.update_state):
        return UpdateAnswer(ok=False, status=409, error=NOT_ALLOWED)
    if verb == "prepare" and not facts.blessed:
        return UpdateAnswer(ok=False, status=409, error=NOT_BLESSED)
    return UpdateAnswer(ok=True)


def carry_out(verb: Verb, facts: Facts) -> Kept:
    """Run VERB and remember what came of it."""
    before = kept(facts)
    try:
        after = _VERBS[verb](facts, before)
        said = Command(verb, "Success", stamp(time.time_ns()), 0, "")
    except Exception as error:  # noqa: BLE001  (whatever it is: it is this command's outcome)
        journal.error(f"update {verb}: {error}")
        after = kept(facts)  # what the command wrote down before it failed
        said = Command(verb, "Failed", stamp(time.time_ns()), _exit_status(error), str(error))
    status = structs.replace(after.status, most_recent_command=said)
    after = structs.replace(after, status=status, boot=facts.boot)
    memory.write(facts.folder, after)
    return after


def stamp(nanoseconds: int) -> str:
    """RFC 3339 with all nanoseconds, as upstream writes it."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


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
    older = version.newer(facts.image.version, staged.image.version)
    with NodeDisk().boot() as boot:
        kernel_image.activate(
            boot, staged.root_hash, staged.boot_sha256, facts.running, older=older
        )
    return update_status.with_state(before, facts.image, ready=True)


def deactivate(facts: Facts, before: Kept) -> Kept:
    with NodeDisk().boot() as boot:
        kernel_image.deactivate(boot, _staged(before).root_hash, facts.running)
    return update_status.with_state(before, facts.image, ready=False)


_VERBS = {"refresh": refresh, "prepare": write, "activate": activate, "deactivate": deactivate}


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
