"""Bring a kernel image into `staged/`: blocks that the running one has, the others by HTTP.

Without a block index, or without anything of the running image, it comes whole. Either way what
was written is read back and must have the signed hash. Deliberately unknown here: what is done
with it then.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.host.system import files
from skyrocket.host.system.web import HttpError
from skyrocket.host.update import fill, kernel_image
from skyrocket.host.update.errors import SourceError
from skyrocket.host.update.patience import Patience
from skyrocket.models import block_index, slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.host.slots.boot_partition import BootPartition
    from skyrocket.host.system.web import Client
    from skyrocket.models.block_index import Index

_PIECE = 256 * block_index.BLOCK


class Wanted(NamedTuple):
    """The kernel image of ROOT_HASH: signed hash and length, and where it is."""

    root_hash: str
    sha256: str
    length: int
    url: str


def stage(
    boot: BootPartition, wanted: Wanted, index: Index | None, running: str, client: Client
) -> fill.Told:
    """Write WANTED aside -> where its blocks came from; RUNNING is the running root's hash."""
    if index is None:
        kernel_image.write(boot, wanted.root_hash, body(client, wanted), wanted.sha256)
        return fill.Told(0, 0, -(-wanted.length // block_index.BLOCK))
    aside = boot.path(kernel_image.STAGED)
    os.makedirs(aside, 0o700, exist_ok=True)
    path = f"{aside}/{slots.name_for(wanted.root_hash)}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    old = _running(boot, running)
    try:
        resume = os.fstat(descriptor).st_size > 0
        os.ftruncate(descriptor, index.size)
        slot = fill.Slot(descriptor, index)
        told = fill.fill(slot, old, client, wanted.url, resume=resume)
    finally:
        os.close(descriptor)
        if old is not None:
            os.close(old.descriptor)
    files.sync_folder(aside)
    boot.sync()
    kernel_image.check(path, wanted.sha256)
    return told


def body(client: Client, wanted: Wanted, patience: Patience | None = None) -> Iterator[bytes]:
    """All bytes of WANTED, no more; a line that dies is taken up where it died."""
    got, patience = 0, patience or Patience()
    while got < wanted.length:
        before = got
        why: Exception = HttpError(f"cannot fetch {wanted.url}: it is shorter than was signed")
        try:
            for chunk in _rest(client, wanted.url, got):
                got += len(chunk)
                if got > wanted.length:
                    client.close()
                    break
                yield chunk
        except HttpError as error:
            why = error
        if got > wanted.length:
            raise SourceError(f"cannot believe {wanted.url}: it is longer than was signed")
        if got < wanted.length:
            patience.broke(why, brought=got > before)


def _rest(client: Client, url: str, start: int) -> Iterator[bytes]:
    """The bytes at URL from START on; a server that ignores ranges is read up to there."""
    headers = (("Range", f"bytes={start}-"),) if start else ()
    response = client.get(url, headers)
    skip = start - fill.start(response, client, url, start)
    for chunk in response.chunks:
        yield chunk[skip:] if skip < len(chunk) else b""
        skip = max(0, skip - len(chunk))


def _running(boot: BootPartition, running: str) -> fill.Old | None:
    """The running kernel image as a source of blocks; None when it cannot be read."""
    folder, key = boot.path(slots.FOLDER), slots.key_of(running)
    try:
        name = next(name for name in boot.names() if name.key == key)
        descriptor = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, StopIteration):
        return None
    try:
        return fill.Old(block_index.of(_pieces(descriptor)), descriptor)
    except OSError:
        os.close(descriptor)
        return None


def _pieces(descriptor: int) -> Iterator[bytes]:
    at = 0
    while piece := os.pread(descriptor, _PIECE, at):
        yield piece
        at += len(piece)
