"""Read an image out of containerd's content store: from a digest to what is to be run.

Blobs are plain files named by their hash, and each is checked against its name: the store lies on
the data partition, which nothing else protects. Knows nothing of registries.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, TypeVar

import msgspec

from skyrocket.host.containers.errors import ImageError
from skyrocket.host.containers.model import Document, Image, ImageConfig, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[str], bytes]

T = TypeVar("T")

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LARGEST_DOCUMENT = 8 << 20
_DEPTH = 3  # index, manifest, configuration


def load(reference: str, digest: str, read: Read, machine: str) -> Image:
    """Give the image behind DIGEST for MACHINE (as `uname -m` says it); raises ImageError."""
    architecture = ARCHITECTURES.get(machine, machine)
    at = digest
    for _ in range(_DEPTH):
        document = _decode(read(at), Document, at)
        if document.config is not None:
            config = _decode(read(document.config.digest), ImageConfig, document.config.digest)
            run = config.config or Run()
            return Image(reference, digest, run, chain(config.rootfs.diff_ids))
        fitting = [
            one.digest
            for one in document.manifests
            if one.platform.architecture in (architecture, "") and one.platform.os in ("linux", "")
        ]
        if not fitting:
            raise ImageError(
                f"cannot use image {reference}: it has nothing for linux/{architecture}"
            )
        at = fitting[0]
    raise ImageError(f"cannot use image {reference}: its index names indexes only")


def chain(diff_ids: list[str]) -> str:
    """Give containerd's name for all layers applied in order (the OCI chain id).

    >>> chain(["sha256:a"])
    'sha256:a'
    """
    if not diff_ids:
        raise ImageError("cannot use the image: it has no layers")
    name = diff_ids[0]
    for layer in diff_ids[1:]:
        name = "sha256:" + hashlib.sha256(f"{name} {layer}".encode()).hexdigest()
    return name


def reader(folder: str) -> Read:
    """Give a function that reads checked blobs out of FOLDER."""

    def read(digest: str) -> bytes:
        kind, _, name = digest.partition(":")
        if kind != "sha256" or len(name) != 64 or not name.isalnum():
            raise ImageError(f"cannot read blob {digest!r}: not a sha256 digest")
        try:
            with open(os.path.join(folder, name), "rb") as file:  # noqa: PTH118, PTH123
                data = file.read(LARGEST_DOCUMENT)
        except OSError as error:
            raise ImageError(f"cannot read blob {digest}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise ImageError(
                f"cannot use blob {digest}: its bytes are others",
                "the data partition lost or changed data; removing the image fetches it anew",
            )
        return data

    return read


def _decode(data: bytes, kind: type[T], digest: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ImageError(f"cannot read blob {digest}: {error}") from error
