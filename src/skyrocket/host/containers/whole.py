"""Which images are known to be whole on the disk, so that a power cut cannot leave an empty one.

containerd writes down that a layer is unpacked before the layer's files are on the disk: cut the
power a few seconds after a pull, and the next boot finds an image whose programs are empty files
(seen: `sshd` of 0 bytes). So a pull is announced on the disk before it begins, and its image noted
once the disk has everything. The first start of a boot forgets the images of pulls that were
announced and never noted; they are fetched again. Knows nothing of registries or settings.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Protocol

from skyrocket.host.system import files, journal

if TYPE_CHECKING:
    from skyrocket.host.containers.places import Places


class Store(Protocol):
    """What this room asks of containerd; each question starts a program, so few are asked."""

    def digest(self, reference: str) -> str: ...
    def writable(self) -> list[str]: ...
    def remove(self, key: str) -> bool: ...
    def forget(self, reference: str) -> None: ...
    def blobs(self) -> list[str]: ...
    def drop(self, digest: str) -> None: ...


def settle(places: Places, store: Store) -> None:
    """Once a boot and instance, before anything is pulled: forget what may be damaged.

    Starts of other containers wait for it. What it removes was made by an earlier boot: nothing
    of this one has come this far.
    """
    lock = _alone(places)
    try:
        if files.read(places.settled) is None:
            _forget_damaged(places, store)
            files.replace(places.settled, b"")
    finally:
        os.close(lock)


def announce(places: Places, reference: str) -> None:
    """Write down, on the disk, that a pull of REFERENCE begins."""
    _replace(places, _announced(places, reference), reference.encode())


def note(places: Places, reference: str, digest: str) -> None:
    """The pull of REFERENCE ended with DIGEST: wait for the disk unless that is noted already."""
    if not _noted(places, digest):
        os.sync()
        _replace(places, _note(places, digest), b"")
    files.remove(_announced(places, reference))


def _alone(places: Places) -> int:
    """A lock that other starts wait for, as an open file; closing it lets them go on."""
    os.makedirs(os.path.dirname(places.settled), exist_ok=True)  # noqa: PTH103, PTH120
    lock = os.open(f"{places.settled}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _replace(places: Places, path: str, content: bytes) -> None:
    """Two containers of one image say the same in the same file, maybe at the same time."""
    lock = _alone(places)
    try:
        files.replace(path, content, durable=True)
    finally:
        os.close(lock)


def _forget_damaged(places: Places, store: Store) -> None:
    for path in files.below(f"{places.whole}/announced"):
        reference = (files.read(path) or b"").decode()
        digest = store.digest(reference)
        if not (digest and _noted(places, digest)):
            journal.warning(f"{reference} was not whole on the disk when the last boot ended")
            _forget(places, store, reference if digest else "")
        files.remove(path)


def _forget(places: Places, store: Store, reference: str) -> None:
    """Take back all that a cut pull may have noted without its bytes being there."""
    # Writable layers hold on to the layers below; they all belong to earlier boots.
    for key in store.writable():
        store.remove(key)
    if reference:
        store.forget(reference)
    # A blob's bytes are on the disk before its name is: the cut may have taken the name alone.
    for digest in store.blobs():
        if not os.path.exists(f"{places.content}/{digest.partition(':')[2]}"):  # noqa: PTH110
            store.drop(digest)


def _noted(places: Places, digest: str) -> bool:
    return files.read(_note(places, digest)) is not None


def _note(places: Places, digest: str) -> str:
    return f"{places.whole}/whole/{digest.replace(':', '-')}"


def _announced(places: Places, reference: str) -> str:
    return f"{places.whole}/announced/{reference.encode().hex()[-200:]}"
