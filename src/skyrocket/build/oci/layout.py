"""An OCI image layout folder: blobs by their hash, an image's configuration, manifest and index.

Knows the image specification and nothing of where files come from. A layout appears whole or not
at all: it is made beside its place and moved in.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.build.oci import layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.build.oci.layer import Layer
    from skyrocket.build.oci.model import Image
    from skyrocket.build.oci.tree import Entry

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
REFERENCE = "org.opencontainers.image.ref.name"
LATEST = "latest"
EPOCH = "1970-01-01T00:00:00Z"


def write(
    target: Path,
    image: Image,
    layers: Sequence[Sequence[Entry]],
    *,
    name: str,
    version: str,
    architecture: str,
) -> str:
    """Make the layout TARGET, replacing what is there; gives the manifest's digest.

    ARCHITECTURE is Debian's (and Go's) word for it; VERSION becomes the tag.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        blobs = Blobs(work)
        made = [blobs.layer(entries) for entries in layers if entries]
        config = blobs.add(_json(config_of(image, made, architecture)))
        manifest = blobs.add(_json(manifest_of(image, name, version, config, made)))
        index = index_of(manifest, version, architecture)
        (work / "index.json").write_bytes(_json(index))
        (work / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
        _replace(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest[0]


class Blobs:
    """The folder `blobs/sha256` of a layout."""

    def __init__(self, layout: Path) -> None:
        self.folder = layout / "blobs" / "sha256"
        self.folder.mkdir(parents=True)

    def add(self, data: bytes) -> tuple[str, int]:
        """Digest and size of DATA, now a blob."""
        name = hashlib.sha256(data).hexdigest()
        (self.folder / name).write_bytes(data)
        return f"sha256:{name}", len(data)

    def layer(self, entries: Sequence[Entry]) -> Layer:
        """The layer made of ENTRIES, now a blob."""
        part = self.folder / "part"
        with part.open("wb") as stream:
            made = layer.write(entries, stream)
        part.rename(self.folder / made.digest.removeprefix("sha256:"))
        return made


def config_of(image: Image, layers: Sequence[Layer], architecture: str) -> dict[str, object]:
    """The image configuration: what to run, and the layers it was made for."""
    run: dict[str, object] = {
        "Entrypoint": list(image.entrypoint),
        "Env": [f"{key}={value}" for key, value in sorted(image.environment.items())],
        "StopSignal": image.stop_signal,
        "WorkingDir": "/",
    }
    if image.command:
        run["Cmd"] = list(image.command)
    if image.user:
        run["User"] = image.user
    if image.ports:
        run["ExposedPorts"] = {port: {} for port in image.ports}
    return {
        "created": EPOCH,
        "architecture": architecture,
        "os": "linux",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [made.digest for made in layers]},
        "history": [{"created": EPOCH, "created_by": "skyrocket build"} for _ in layers],
    }


def manifest_of(
    image: Image, name: str, version: str, config: tuple[str, int], layers: Sequence[Layer]
) -> dict[str, object]:
    """The manifest that ties configuration and layers together."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": config[0], "size": config[1]},
        "layers": [
            {"mediaType": layer.MEDIA_TYPE, "digest": made.digest, "size": made.size}
            for made in layers
        ],
        "annotations": {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.description": image.description,
            "org.opencontainers.image.version": version,
        },
    }


def index_of(manifest: tuple[str, int], version: str, architecture: str) -> dict[str, object]:
    """The layout's index: its one manifest, under its version and as the latest."""
    return {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {
                "mediaType": MANIFEST,
                "digest": manifest[0],
                "size": manifest[1],
                "platform": {"architecture": architecture, "os": "linux"},
                "annotations": {REFERENCE: tag},
            }
            for tag in dict.fromkeys((version, LATEST))
        ],
    }


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _replace(work: Path, target: Path) -> None:
    work.chmod(0o755)
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        os.replace(target, old / "old")  # noqa: PTH105  # rename() over a folder would fail
        work.rename(target)
        shutil.rmtree(old)
    else:
        work.rename(target)
