"""/etc is copied as it lies in the image, and the machine id stays."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest

from skyrocket.host.initrd import etc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.mark.usefixtures("umask")
def test_copies_modes_and_links(tmp_path: Path) -> None:
    """Folders, files of every mode and links arrive unchanged."""
    source, target = tmp_path / "factory", tmp_path / "etc"
    (source / "ssl/private").mkdir(parents=True)
    (source / "ssl/private").chmod(0o710)
    (source / "ssl/private/key").write_bytes(b"k" * 100_000)
    (source / "ssl/private/key").chmod(0o640)
    (source / "empty").touch(0o600)
    (source / "os-release").symlink_to("../usr/lib/os-release")
    target.mkdir()
    etc.copy_tree(str(source), str(target))
    assert (target / "ssl/private").stat().st_mode & 0o7777 == 0o710
    assert (target / "ssl/private/key").stat().st_mode & 0o7777 == 0o640
    assert (target / "ssl/private/key").read_bytes() == b"k" * 100_000
    assert (target / "empty").stat().st_mode & 0o7777 == 0o600
    assert str((target / "os-release").readlink()) == "../usr/lib/os-release"


def test_machine_id_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first boot makes an id, every later one finds it; a damaged one is replaced."""
    private, folder = tmp_path / "private", tmp_path / "etc"
    private.mkdir()
    folder.mkdir()
    monkeypatch.setattr(etc, "ETC", str(folder))
    first = etc.write_machine_id(str(private))
    assert etc.write_machine_id(str(private)) == first
    assert (folder / "machine-id").read_text() == f"{first}\n"
    assert uuid.UUID(first).version == 4
    (private / "machine-id").chmod(0o600)
    (private / "machine-id").write_text("\0" * 32)
    assert etc.write_machine_id(str(private)) != first
