"""The kernel image of a new version: written aside, read back, moved in with one try, moved out.

    STAGED/skyrocket-KEY.efi        whole, and not seen by the loader
    EFI/Linux/skyrocket-KEY+1.efi   the loader's next choice, once

Which rename follows which is said in `models.boots`. Deliberately unknown here: roots, and whether
this image is wanted.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from skyrocket.host.slots import addons
from skyrocket.host.system import files
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.models import addon, boots, slots
from skyrocket.models.slots import STAGED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.host.slots.boot_partition import BootPartition

_PIECE = 1 << 20
SLACK = 1 << 20
"""Free bytes left beside a kernel image, for the folder and what a power cut leaked."""


def fits(boot: BootPartition, running: str, size: int) -> None:
    """SlotError when SIZE would not fit beside RUNNING's image alone. Nothing is removed."""
    kept, folder, aside = slots.key_of(running), boot.path(slots.FOLDER), boot.path(STAGED)
    gone = [f"{folder}/{name}" for name in boot.names() if name.key != kept]
    gone += [f"{aside}/{name}" for name in files.names(aside)]
    _enough(boot.free() + sum(_size(path) for path in gone), size)


def make_room(boot: BootPartition, running: str, wanted: str, size: int) -> None:
    """Remove every image but RUNNING's; SlotError when WANTED's SIZE does not fit even then.

    Both are root hashes. What was staged of WANTED before an interruption stays.
    """
    kept = slots.key_of(running)
    folder = boot.path(slots.FOLDER)
    if not any(name.key == kept for name in boot.names()):
        raise SlotError("cannot update: the running version's kernel image is not there")
    for name in boot.names():
        if name.key != kept:
            files.remove(f"{folder}/{name}")
            files.remove_folder(f"{folder}/{addon.folder_of(str(slots.Name(name.key)))}")
    aside, begun = boot.path(STAGED), slots.name_for(wanted)
    for found in files.names(aside):
        if found != begun:
            files.remove(f"{aside}/{found}")
    boot.sync()
    _enough(boot.free() + _size(f"{aside}/{begun}"), size)


def _enough(free: int, size: int) -> None:
    if free < size + SLACK:
        raise SlotError(
            f"cannot update: the boot partition has {free} bytes free, "
            f"the kernel image needs {size}"
        )


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def write(boot: BootPartition, root_hash: str, parts: Iterable[bytes], sha256: str) -> None:
    """Write PARTS aside and read them back; they must have the hash SHA256.

    SourceError when what came has another one, SlotError when what was kept has.
    """
    aside = boot.path(STAGED)
    os.makedirs(aside, 0o700, exist_ok=True)
    path = f"{aside}/{slots.name_for(root_hash)}"
    files.remove(path)
    came = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for part in parts:
            came.update(part)
            view = memoryview(part)
            while view:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    if came.hexdigest() != sha256:
        files.remove(path)
        raise SourceError("cannot believe the kernel image: other bytes came than were signed")
    files.sync_folder(aside)
    boot.sync()
    check(path, sha256)


def check(path: str, sha256: str) -> None:
    """SlotError unless the file at PATH has the hash SHA256."""
    if hash_of(path) != sha256:
        raise SlotError("cannot use the new kernel image: it reads back with other bytes")


def hash_of(path: str) -> str:
    """The SHA-256 of the file at PATH; SlotError when it cannot be read."""
    made = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                made.update(piece)
    except OSError as error:
        raise SlotError(f"cannot use the kernel image: {error.strerror}") from error
    return made.hexdigest()


def path_of(boot: BootPartition, root_hash: str) -> str:
    """Where the image of ROOT_HASH is: where the loader looks, or aside."""
    for name in boot.names():
        if name.key == slots.key_of(root_hash):
            return boot.path(f"{slots.FOLDER}/{name}")
    return boot.path(f"{STAGED}/{slots.name_for(root_hash)}")


def activate(boot: BootPartition, root_hash: str, running: str, *, older: bool) -> None:
    """Let the loader try ROOT_HASH once; an OLDER version needs the running one to stand aside.

    The image was checked. May be repeated after a power cut between any two of its steps.
    """
    addons.carry_over(boot, running, root_hash)
    key, mine = slots.key_of(root_hash), slots.key_of(running)
    boot.carry_out(boots.activation(boot.names(), key, mine, older=older))


def deactivate(
    boot: BootPartition, root_hash: str, running: str, *, kept: bool = False, older: bool = False
) -> None:
    """Take ROOT_HASH from the loader again, and let the running version be its choice."""
    key, mine = slots.key_of(root_hash), slots.key_of(running)
    boot.carry_out(boots.deactivation(boot.names(), key, mine, kept=kept, older=older))


def started(boot: BootPartition, root_hash: str) -> bool:
    """Whether the loader has taken ROOT_HASH since it got its try: it counts before it starts."""
    mine = [name for name in boot.names() if name.key == slots.key_of(root_hash)]
    return any(name.exhausted and name.done for name in mine)
