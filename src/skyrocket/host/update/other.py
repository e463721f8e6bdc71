"""The other slot: which version lies there, and whether it is whole, looked at without writing.

Found by what boots from it: a kernel image where the loader looks, the two identifiers of the slot,
and the root hash that both stand for. Deliberately unknown here: whether anybody wants to go there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.host.slots import uki
from skyrocket.host.system.faults import DoorError
from skyrocket.host.update import fill, idle, kernel_image
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.host.update.tree import Tree
from skyrocket.models import slots
from skyrocket.models.update_status import Image

if TYPE_CHECKING:
    from skyrocket.host.slots.boot_partition import BootPartition
    from skyrocket.host.update.disk import NodeDisk


class Other(NamedTuple):
    """The version in the other slot, whose parts fit each other."""

    image: Image
    root_hash: str
    boot_sha256: str


def find(disk: NodeDisk, running: str) -> Other:
    """The version beside root RUNNING, as its kernel image and identifiers have it; SlotError."""
    table = disk.table()
    pair = idle.find(table, running).idle
    entries = [table.entries[place] for place in pair]
    root_hash = "".join(entry.id.replace("-", "") for entry in entries if entry)
    key = slots.key_of(root_hash)
    with disk.boot() as boot:
        if not any(name.key == key for name in boot.names()):
            raise SlotError(
                "cannot go back: no kernel image boots the other slot; what was there was "
                "overwritten by an update, or there was never anything"
            )
        path = kernel_image.path_of(boot, root_hash)
        try:
            kernel = uki.read(path)
        except DoorError as error:
            raise SlotError(str(error)) from error
        if kernel.root_hash != root_hash:
            raise SlotError("cannot go back: kernel image and root of the other slot differ")
        image = Image(kernel.arch, kernel.version, kernel.variant)
        return Other(image, root_hash, kernel_image.hash_of(path))


def prove(disk: NodeDisk, running: str, root_hash: str) -> None:
    """Read the whole root beside RUNNING and hash it up to ROOT_HASH; SlotError."""
    pair = idle.find(disk.table(), running).idle
    try:
        with open(disk.device(pair.hash), "rb") as file:
            tree = Tree(file.read(), root_hash)
        root = os.open(disk.device(pair.root), os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, SourceError) as error:
        raise SlotError(
            f"cannot go back: the hash tree of the other slot is broken ({error})"
        ) from error
    try:
        wrong = fill.Slot(root, tree).wrong()
    finally:
        os.close(root)
    if wrong:
        raise SlotError(f"cannot go back: {len(wrong)} blocks of the other slot are broken")


def own_hash(boot: BootPartition, running: str) -> str:
    """The SHA-256 of the running version's kernel image; "" when it is not there."""
    try:
        return kernel_image.hash_of(kernel_image.path_of(boot, running))
    except SlotError:
        return ""
