"""A repository with images that are a few bytes each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from skyrocket.models.manifest import Manifest
from skyrocket.publish import repository
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def image(folder: Path, version: str, variant: str = "vm-dev") -> Path:
    """An image folder as the builder leaves it, as far as a publisher reads it."""
    folder.mkdir(parents=True)
    for name in ("root.erofs", "root.verity", "uki.efi"):
        (folder / name).write_bytes(f"{name} of {version}".encode() * 10)
    facts = Manifest(
        variant=variant, version=version, build_id="abcd1234", architecture="x86_64",
        image="disk.raw", manifest="manifest.json", sbom="sbom.spdx.json", root_hash="ab" * 32,
        root_bytes=1, hash_bytes=1, uki_bytes=1, uki_name="u", executables=0, programs=[],
        packages={}, partitions=[], kernel_arguments=[],
    )  # fmt: skip
    (folder / "manifest.json").write_bytes(msgspec.json.encode(facts))
    return folder / "manifest.json"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "repo", tmp_path / "keys", NOW)
    repository.init(made)
    return made
