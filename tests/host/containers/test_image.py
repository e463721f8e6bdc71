"""From a digest in containerd's store to what is to be run."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from skyrocket.host.containers import image
from skyrocket.host.containers.errors import ImageError
from skyrocket.host.containers.model import Run

if TYPE_CHECKING:
    from pathlib import Path

LAYER = "sha256:" + "1" * 64


def put(folder: Path, value: object) -> str:
    data = json.dumps(value).encode()
    name = hashlib.sha256(data).hexdigest()
    (folder / name).write_bytes(data)
    return f"sha256:{name}"


def manifest(folder: Path, *layers: str) -> str:
    config = {"config": {"Entrypoint": ["/go"], "Cmd": None}, "rootfs": {"diff_ids": list(layers)}}
    return put(folder, {"config": {"digest": put(folder, config)}, "layers": []})


def test_a_manifest(tmp_path: Path) -> None:
    """A manifest leads to its configuration; the digest kept is the one asked for."""
    digest = manifest(tmp_path, LAYER)
    found = image.load("r:1", digest, image.reader(str(tmp_path)), "x86_64")
    assert (found.digest, found.run, found.chain) == (digest, Run(entrypoint=["/go"]), LAYER)


def test_an_index_is_searched_for_this_machine(tmp_path: Path) -> None:
    """Of an index the manifest of this machine's architecture is taken."""
    arm, amd = manifest(tmp_path, LAYER), manifest(tmp_path, LAYER, LAYER)
    index = put(
        tmp_path,
        {
            "manifests": [
                {"digest": arm, "platform": {"architecture": "arm64", "os": "linux"}},
                {"digest": amd, "platform": {"architecture": "amd64", "os": "linux"}},
            ]
        },
    )
    read = image.reader(str(tmp_path))
    assert image.load("r:1", index, read, "aarch64").chain == LAYER
    assert image.load("r:1", index, read, "x86_64").chain == image.chain([LAYER, LAYER])
    with pytest.raises(ImageError, match="nothing for linux/riscv64"):
        image.load("r:1", index, read, "riscv64")


def test_chain_id_is_containerds() -> None:
    """The chain id is the one containerd printed for an image with these two layers."""
    layers = [
        "sha256:65d37cc0de9633886110dafb6b3787b03008073b1aeb33314453629fd6e17917",
        "sha256:422b6ffed8ef1eae30406fdf525f11823973831b99773c04d0a3a2e3513f303c",
    ]
    name = "sha256:e8dfbedbb9f16aabced43baebc96fe71cb2c5f28f9c620572befc8f092da15bc"
    assert image.chain(layers) == name


def test_a_rotten_blob_is_not_used(tmp_path: Path) -> None:
    """A blob whose bytes do not match its name is refused."""
    digest = manifest(tmp_path, LAYER)
    (tmp_path / digest.removeprefix("sha256:")).write_bytes(b"{}")
    with pytest.raises(ImageError, match="its bytes are others"):
        image.load("r:1", digest, image.reader(str(tmp_path)), "x86_64")


@pytest.mark.parametrize("digest", ["../../../etc/passwd", "sha256:../x", "sha512:" + "1" * 64])
def test_only_digests_are_read(tmp_path: Path, digest: str) -> None:
    """What is no digest is never a path."""
    with pytest.raises(ImageError, match="not a sha256 digest"):
        image.reader(str(tmp_path))(digest)
