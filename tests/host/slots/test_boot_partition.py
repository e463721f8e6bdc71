"""UKIs in a folder: listed and renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.host.slots.boot_partition import rename_uki, uki_names
from skyrocket.host.system.faults import DoorError
from skyrocket.models.slots import Name

if TYPE_CHECKING:
    from pathlib import Path


def test_lists_only_ours(tmp_path: Path) -> None:
    """Foreign files in the folder are not taken for UKIs."""
    for name in ("skyrocket-1a2b3c4d.efi", "other.efi", "skyrocket-1a2b3c4d.efi.part"):
        (tmp_path / name).touch()
    assert uki_names(str(tmp_path)) == [Name("1a2b3c4d")]


def test_rename(tmp_path: Path) -> None:
    """A UKI changes its name and keeps its content."""
    (tmp_path / "skyrocket-1a2b3c4d+0-1.efi").write_bytes(b"uki")
    rename_uki(str(tmp_path), Name("1a2b3c4d", 0, 1), Name("1a2b3c4d"))
    assert (tmp_path / "skyrocket-1a2b3c4d.efi").read_bytes() == b"uki"
    assert uki_names(str(tmp_path)) == [Name("1a2b3c4d")]


def test_rename_never_overwrites(tmp_path: Path) -> None:
    """A name that is taken is an error, not a lost UKI."""
    for name in ("skyrocket-1a2b3c4d+0-1.efi", "skyrocket-1a2b3c4d.efi"):
        (tmp_path / name).write_bytes(name.encode())
    with pytest.raises(DoorError, match="is there already"):
        rename_uki(str(tmp_path), Name("1a2b3c4d", 0, 1), Name("1a2b3c4d"))


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A boot partition without EFI/Linux says which folder is missing."""
    with pytest.raises(DoorError, match="EFI/Linux"):
        uki_names(str(tmp_path / "EFI/Linux"))
