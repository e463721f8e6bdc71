"""Write a version into the idle slot, in the order that no power cut can turn into harm.

1. the idle slot's kernel image is removed     5. its identifiers follow from the root hash
2. the slot's identifiers become random        6. the kernel image is written aside, read back
3. tree and blocks are written                 7. only `activate` moves it to where the loader looks
4. everything is read back and checked

What this order gives is written down in docs/update-safety.md. Deliberately unknown here: why it is
this version, and what the node says about it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.host.system import files, verity
from skyrocket.host.system.faults import DoorError
from skyrocket.host.update import fill, idle, kernel_image, staging
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.host.update.tree import BLOCK, Tree, levels
from skyrocket.models import block_index, gpt
from skyrocket.models import disk as layout
from skyrocket.models.block_index import IndexFormatError

if TYPE_CHECKING:
    from tuf.api.metadata import TargetFile

    from skyrocket.host.system.web import Client
    from skyrocket.host.update.disk import NodeDisk
    from skyrocket.host.update.repository import Repository
    from skyrocket.models.block_index import Index
    from skyrocket.models.update import Proof

MARKER = "writing"
"""In the updater's folder: the root hash whose blocks the idle slot may hold in part."""
TREE, INDEX = "tree", "index"
"""Beside it, so that a try after an interruption does not fetch them again."""


class Order(NamedTuple):
    """What to write: the signed targets, and what proves their blocks.

    Without BOOT_INDEX the kernel image comes whole.
    """

    proof: Proof
    root: TargetFile
    tree: TargetFile
    boot: TargetFile
    boot_index: TargetFile | None


class Source(NamedTuple):
    """What is signed, and how bytes are fetched."""

    repository: Repository
    client: Client


class Places(NamedTuple):
    """The running root's hash, and the folder of the updater on the private partition."""

    running: str
    folder: str


def prepare(order: Order, source: Source, places: Places, disk: NodeDisk) -> fill.Told:
    """Carry out ORDER -> where the blocks came from."""
    root_hash, repository = order.proof.root_hash, source.repository
    if root_hash == places.running:
        raise SlotError("cannot update: this version runs already")
    table = disk.table()
    slots = idle.find(table, places.running)
    _fits(table, slots.idle, order)
    with disk.boot() as boot:
        kernel_image.fits(boot, places.running, order.boot.length)
    raw = repository.read_kept(order.tree, f"{places.folder}/{TREE}")
    tree = Tree(raw, root_hash)
    if tree.size != order.root.length:
        raise SourceError("cannot use the hash tree: it is not as long as the root")
    index = _index(repository, order, f"{places.folder}/{INDEX}")
    with disk.boot() as boot:
        kernel_image.make_room(boot, places.running, root_hash, order.boot.length)
    marker = f"{places.folder}/{MARKER}"
    resume = files.read(marker) == root_hash.encode()
    disk.write(idle.named(table, slots.idle, _random_ids()))
    files.replace(marker, root_hash.encode(), durable=True)
    _write_tree(disk.device(slots.idle.hash), raw)
    told = _fill(disk, slots, tree, places.running, source, repository.url(order.root), resume)
    disk.write(idle.named(table, slots.idle, layout.root_ids(root_hash)))
    url = repository.url(order.boot)
    wanted = staging.Wanted(root_hash, order.boot.hashes["sha256"], order.boot.length, url)
    with disk.boot() as boot:
        told = told.plus(staging.stage(boot, wanted, index, places.running, source.client))
    for name in (MARKER, TREE, INDEX):
        files.remove(f"{places.folder}/{name}")
    return told


def _index(repository: Repository, order: Order, kept: str) -> Index | None:
    if order.boot_index is None:
        return None
    try:
        index = block_index.parse(repository.read_kept(order.boot_index, kept))
    except IndexFormatError as error:
        raise SourceError(str(error)) from error
    if index.size != order.boot.length:
        raise SourceError("cannot use the block index: it is not as long as the kernel image")
    return index


def _fits(table: gpt.Table, pair: idle.Pair, order: Order) -> None:
    """Said before anything is fetched or removed."""
    for name, size, place in (
        ("root", order.root.length, pair.root),
        ("hash tree", order.tree.length, pair.hash),
    ):
        if size > (room := idle.room(table, place)):
            raise SlotError(f"cannot update: the {name} has {size} bytes, the slot has {room}")
    if order.root.length % BLOCK:
        raise SlotError("cannot update: the root is no whole number of blocks")


def _fill(
    disk: NodeDisk,
    slots: idle.Slots,
    tree: Tree,
    running: str,
    source: Source,
    url: str,
    resume: bool,
) -> fill.Told:
    old = _running(disk, slots.running, running)
    try:
        new = os.open(disk.device(slots.idle.root), os.O_RDWR | os.O_CLOEXEC)
        try:
            return fill.fill(fill.Slot(new, tree), old, source.client, url, resume=resume)
        finally:
            os.close(new)
    finally:
        if old is not None:
            os.close(old.descriptor)


def _write_tree(device: str, raw: bytes) -> None:
    """Write the tree and read it back from the medium."""
    descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    try:
        done = 0
        while done < len(raw):
            done += os.pwrite(descriptor, raw[done:], done)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        if os.pread(descriptor, len(raw), 0) != raw:
            raise SlotError("cannot use the idle slot: the hash tree reads back with other bytes")
    finally:
        os.close(descriptor)


def _running(disk: NodeDisk, pair: idle.Pair, root_hash: str) -> fill.Old | None:
    """The running version as a source of blocks; None when its tree cannot be read or proven."""
    try:
        with open(disk.device(pair.hash), "rb") as file:
            most = file.seek(0, os.SEEK_END)
            file.seek(0)
            head = file.read(BLOCK)
            rest = sum(levels(verity.parse(head).blocks)) * BLOCK  # nothing proves it yet
            tree = Tree(head + file.read(min(rest, most)), root_hash)
    except (OSError, SourceError, DoorError):
        return None
    return fill.Old(tree, os.open(disk.device(pair.root), os.O_RDONLY | os.O_CLOEXEC))


def _random_ids() -> tuple[str, str]:
    return gpt.random_guid(os.urandom(16)), gpt.random_guid(os.urandom(16))
