"""What a publisher does with a repository, as functions over its store.

Each ends with a whole, signed state: targets first, then the metadata that names them, the
timestamp last, so that whoever reads in between sees the state before.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from tuf.api.metadata import Root, Snapshot, TargetFile, Targets, Timestamp

from skyrocket.models import block_index, releases
from skyrocket.models.manifest import Manifest as Image
from skyrocket.models.update import MANIFEST, Images, Manifest, Proof, Update
from skyrocket.publish import signers
from skyrocket.publish.errors import LayoutError, PublishError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from skyrocket.models.releases import Kind, WavePlan
    from skyrocket.publish.store import Store

ONLINE = (Targets.type, Snapshot.type, Timestamp.type)
ROOT_KEY = "root"
ONLINE_KEY = "publication"
_PIECE = 1 << 20
_READ = {"root": "root.erofs", "hash": "root.verity", "boot": "uki.efi"}


class Made(NamedTuple):
    """What an image becomes: names of targets, with files on this machine or the bytes."""

    update: Update
    files: dict[str, Path]
    written: dict[str, bytes]


def init(store: Store, kind: str = "ed25519") -> None:
    """A new, empty repository with two new keys: one for the root, one for all that is online."""
    if store.latest(Root.type) is not None:
        raise LayoutError(f"cannot make repository {store.folder}: it is one already")
    with store.edit_root() as root:
        root.consistent_snapshot = True
        root.add_key(signers.make(store.keys, ROOT_KEY, kind), Root.type)
        online = signers.make(store.keys, ONLINE_KEY, kind)
        for role in ONLINE:
            root.add_key(online, role)
    publish(store, releases.EMPTY)


def add(store: Store, image: Path) -> Update:
    """Publish the image whose manifest.json is IMAGE."""
    made = describe(image, store.now)
    changed = releases.added(manifest(store), made.update)
    publish(store, changed, made)
    return made.update


def wave(store: Store, wanted: Kind, plan: WavePlan, start: datetime) -> None:
    publish(store, releases.with_waves(manifest(store), wanted, plan, start))


def withdraw(store: Store, wanted: Kind) -> None:
    """Take a version back: offered no longer, and nodes that have it are sent to another one."""
    publish(store, releases.without(manifest(store), wanted))


def refresh(store: Store) -> None:
    """Sign everything online anew, with new ends; nothing else changes."""
    publish(store, manifest(store))


def renew(store: Store) -> None:
    """Sign the root anew, with a new end and the same keys."""
    store.one_root_at_a_time()
    with store.edit_root():
        pass


def sign(store: Store) -> str:
    """Sign the root that waits for signatures; publish it when it has all -> what it lacks."""
    before = store.root().roles
    if lack := store.sign_waiting():
        return lack
    now = store.root().roles
    if any(before[role].keyids != now[role].keyids for role in ONLINE):
        refresh(store)
    return ""


def rotate(store: Store, role: str, kind: str = "ed25519") -> None:
    """Put a new key in the place of ROLE's; the old root key signs the change."""
    store.one_root_at_a_time()
    with store.edit_root() as root:
        name = f"{role}-{root.version + 1}"
        new = signers.make(store.keys, name, kind)
        for each in (Root.type,) if role == ROOT_KEY else ONLINE:
            for keyid in list(root.roles[each].keyids):
                root.revoke_key(keyid, each)
            root.add_key(new, each)
    if role == ONLINE_KEY and store.waiting() is None:
        refresh(store)


def manifest(store: Store) -> Manifest:
    """The newest manifest, as it was signed."""
    if store.latest(Root.type) is None:
        raise LayoutError(
            f"cannot use {store.folder}: it is no repository", "./skyrocket repo init --repo DIR"
        )
    target = store.targets().targets.get(MANIFEST)
    if target is None:
        return releases.EMPTY
    path = store.path_of(target)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise LayoutError(f"cannot read {path}: {error}") from error


def publish(store: Store, content: Manifest, made: Made | None = None) -> None:
    """Write CONTENT and what was MADE new, and sign the state that has them."""
    store.targets_folder.mkdir(parents=True, exist_ok=True)
    document = msgspec.json.format(msgspec.json.encode(content)) + b"\n"
    new = [_written(store, MANIFEST, document)]
    if made is not None:
        new += [_stored(store, name, path) for name, path in made.files.items()]
        new += [_written(store, name, data) for name, data in made.written.items()]
    named = {MANIFEST}
    for each in content.updates:
        named |= {each.images.boot, each.images.root, each.images.hash}
        named |= {each.proof.boot_index} if each.proof else set()
    with store.edit_targets() as targets:
        targets.targets |= {target.path: target for target in new}
        targets.targets = {name: one for name, one in targets.targets.items() if name in named}
    with store.edit_snapshot() as snapshot:
        snapshot.meta = store.targets_infos
    with store.edit_timestamp() as timestamp:
        timestamp.snapshot_meta = store.snapshot_info


def describe(image: Path, now: datetime) -> Made:
    """What the image manifest at IMAGE and the files beside it become."""
    try:
        facts = msgspec.json.decode(image.read_bytes(), type=Image)
    except (OSError, msgspec.MsgspecError) as error:
        raise LayoutError(
            f"cannot read image manifest {image}: {error}", "./skyrocket build --json names one"
        ) from error
    stem = f"skyrocket-{facts.variant}-{facts.architecture}-{facts.version}-{facts.build_id}"
    names = Images(boot=f"{stem}-boot.efi", root=f"{stem}-root.erofs", hash=f"{stem}-root.verity")
    files = {getattr(names, part): image.parent / file for part, file in _READ.items()}
    for path in files.values():
        _there(path)
    proof = Proof(facts.root_hash, facts.build_id, f"{stem}-boot.index")
    made = Update(
        variant=facts.variant,
        arch=facts.architecture,
        version=facts.version,
        max_version=facts.version,
        waves={},
        images=names,
        proof=proof,
        released=now.replace(microsecond=0),
    )
    return Made(made, files, {proof.boot_index: index_of(files[names.boot])})


def index_of(path: Path) -> bytes:
    """The block index of a kernel image."""
    with path.open("rb") as file:
        return block_index.of(iter(lambda: file.read(_PIECE), b"")).dump()


def _there(path: Path) -> None:
    try:
        path.stat()
    except OSError as error:
        raise PublishError(f"cannot publish {path}: {error.strerror}") from error


def _stored(store: Store, name: str, source: Path) -> TargetFile:
    target = TargetFile.from_file(name, str(source), ["sha256"])
    path = store.path_of(target)
    if not path.exists():
        temporary = path.with_name(f".{path.name}.new")
        shutil.copyfile(source, temporary)
        temporary.replace(path)
    return target


def _written(store: Store, name: str, data: bytes) -> TargetFile:
    target = TargetFile.from_data(name, data, ["sha256"])
    store.put(target, data)
    return target
