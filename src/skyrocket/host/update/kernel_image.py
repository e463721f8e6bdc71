"""The kernel image of a new version: written aside, read back, moved in with one try, moved out.

    STAGED/skyrocket-KEY.efi        whole, and not seen by the loader
    EFI/Linux/skyrocket-KEY+1.efi   the loader's next choice, once

Deliberately unknown here: roots, and whether this image is wanted.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from skyrocket.host.slots import addons, choice
from skyrocket.host.system import files
from skyrocket.host.update.errors import SlotError
from skyrocket.models import addon, slots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.host.slots.boot_partition import BootPartition

STAGED = "staged"
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
    """Write PARTS aside and read them back; they must have the hash SHA256."""
    aside = boot.path(STAGED)
    os.makedirs(aside, 0o700, exist_ok=True)
    path = f"{aside}/{slots.name_for(root_hash)}"
    files.remove(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    files.sync_folder(aside)
    boot.sync()
    check(path, sha256)


def check(path: str, sha256: str) -> None:
    """SlotError unless the file at PATH has the hash SHA256."""
    made = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                made.update(piece)
    except OSError as error:
        raise SlotError(f"cannot use the new kernel image: {error.strerror}") from error
    if made.hexdigest() != sha256:
        raise SlotError("cannot use the new kernel image: it reads back with other bytes")


def activate(
    boot: BootPartition, root_hash: str, sha256: str, running: str, *, older: bool
) -> None:
    """Let the loader try ROOT_HASH once; an OLDER version needs the running one to stand aside."""
    source = f"{boot.path(STAGED)}/{slots.name_for(root_hash)}"
    check(source, sha256)
    addons.carry_over(boot, running, root_hash)
    _move(boot, source, f"{boot.path(slots.FOLDER)}/{slots.name_for(root_hash, tries=1)}")
    if older:
        for name in boot.names():
            if name.key == slots.key_of(running):
                boot.rename(name, choice.aside_name(name))


def deactivate(boot: BootPartition, root_hash: str, running: str) -> None:
    """Take ROOT_HASH from the loader again, and let the running version be its choice."""
    for name in boot.names():
        if name.key == slots.key_of(running) and name.exhausted:
            boot.rename(name, choice.blessed_name(name))
    for name in boot.names():
        if name.key == slots.key_of(root_hash):
            target = f"{boot.path(STAGED)}/{slots.name_for(root_hash)}"
            _move(boot, f"{boot.path(slots.FOLDER)}/{name}", target)


def _move(boot: BootPartition, source: str, target: str) -> None:
    """Move a file; between two writes it is in one folder or in none, and never in both.

    A folder that is synced alone would show the new name without the file's length and place.
    """
    files.rename(source, target)
    files.sync_folder(os.path.dirname(source))
    files.sync_file(target)
    files.sync_folder(os.path.dirname(target))
    boot.sync()
