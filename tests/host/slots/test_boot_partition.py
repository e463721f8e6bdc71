"""UKIs in a folder: listed and renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.host.slots.boot_partition import BootPartition, uki_names
from skyrocket.host.system.faults import DoorError
from skyrocket.models import boots
from skyrocket.models.boots import Step
from skyrocket.models.slots import Name

if TYPE_CHECKING:
    from pathlib import Path


def test_lists_only_ours(tmp_path: Path) -> None:
    """Foreign files in the folder are not taken for UKIs."""
    for name in ("skyrocket-1a2b3c4d.efi", "other.efi", "skyrocket-1a2b3c4d.efi.part"):
        (tmp_path / name).touch()
    assert uki_names(str(tmp_path)) == [Name("1a2b3c4d")]


def boot(folder: Path, *names: str) -> BootPartition:
    """A boot partition that is mounted at FOLDER already, with these kernel images."""
    (folder / "EFI/Linux").mkdir(parents=True)
    for name in names:
        (folder / "EFI/Linux" / name).write_bytes(name.encode())
    return BootPartition("none", str(folder))


def test_rename(tmp_path: Path) -> None:
    """A UKI changes its name and keeps its content, also into and out of `staged`."""
    part = boot(tmp_path, "skyrocket-1a2b3c4d+0-1.efi", "skyrocket-ffffffff.efi")
    good, new = Name("1a2b3c4d"), Name("ffffffff")
    part.carry_out([*boots.blessing(part.names(), good.key),
                    Step(f"EFI/Linux/{new}", f"staged/{new}")])  # fmt: skip
    assert part.names() == [good]
    assert (tmp_path / "EFI/Linux" / str(good)).read_bytes() == b"skyrocket-1a2b3c4d+0-1.efi"
    assert (tmp_path / "staged" / str(new)).read_bytes() == b"skyrocket-ffffffff.efi"


def test_rename_never_overwrites(tmp_path: Path) -> None:
    """A name that is taken is an error, not a lost UKI."""
    part = boot(tmp_path, "skyrocket-1a2b3c4d+0-1.efi", "skyrocket-1a2b3c4d.efi")
    with pytest.raises(DoorError, match="is there already"):
        part.carry_out(boots.blessing(part.names(), "1a2b3c4d"))


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A boot partition without EFI/Linux says which folder is missing."""
    with pytest.raises(DoorError, match="EFI/Linux"):
        uki_names(str(tmp_path / "EFI/Linux"))
