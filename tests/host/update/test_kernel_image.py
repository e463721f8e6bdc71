"""The kernel image of a new version, in a folder that stands for the boot partition."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from fakes.node_disk import BootFolder

from skyrocket.host.system import files
from skyrocket.host.update import kernel_image
from skyrocket.host.update.errors import SlotError, SourceError
from skyrocket.models import slots
from skyrocket.models.boots import Uki, booted_by_loader

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "aa" * 32, "bb" * 32
DATA = b"kernel image" * 1000
SHA = hashlib.sha256(DATA).hexdigest()


class Folder(BootFolder):
    """A mounted boot partition: a folder with the running version's image."""

    def __init__(self, place: Path, room: int = 1 << 40) -> None:
        super().__init__(place, room=room)
        (place / slots.FOLDER / slots.name_for(OLD)).write_bytes(b"old")

    def has(self) -> list[str]:
        return [str(name) for name in self.names()]


@pytest.fixture
def boot(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def write(boot: Folder, data: bytes = DATA) -> None:
    kernel_image.write(boot, NEW, iter([data[:5000], data[5000:]]), SHA)


def test_a_new_image_is_not_seen_by_the_loader_before_it_is_activated(boot: Folder) -> None:
    write(boot)
    assert boot.has() == [f"skyrocket-{'aa' * 4}.efi"]
    kernel_image.activate(boot, NEW, OLD, older=False)
    assert boot.has() == [f"skyrocket-{'aa' * 4}.efi", f"skyrocket-{'bb' * 4}+1.efi"]


def test_a_wrong_download_is_not_blamed_on_the_medium(boot: Folder, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="other bytes came than were signed"):
        write(boot, DATA + b"!")
    assert list((tmp_path / kernel_image.STAGED).iterdir()) == []


def test_a_medium_that_keeps_other_bytes_is_not_blamed_on_the_download(
    boot: Folder, tmp_path: Path
) -> None:
    def rot() -> None:
        for path in (tmp_path / kernel_image.STAGED).iterdir():
            path.write_bytes(DATA[:-1] + b"!")

    boot.sync = rot  # type: ignore[method-assign]
    with pytest.raises(SlotError, match="reads back with other bytes"):
        write(boot)


def test_a_staged_image_that_changed_is_found(boot: Folder, tmp_path: Path) -> None:
    write(boot)
    path = kernel_image.path_of(boot, NEW)
    kernel_image.check(path, SHA)
    (staged,) = (tmp_path / kernel_image.STAGED).iterdir()
    staged.write_bytes(DATA[:-1] + b"!")
    with pytest.raises(SlotError, match="reads back with other bytes"):
        kernel_image.check(path, SHA)
    staged.unlink()
    with pytest.raises(SlotError, match="No such file"):
        kernel_image.check(path, SHA)


def test_the_loader_takes_the_activated_version_once(boot: Folder) -> None:
    write(boot)
    kernel_image.activate(boot, NEW, OLD, older=False)
    assert chosen(boot, old="1.0.0", new="1.1.0") == "1.1.0"


def test_for_an_older_version_the_running_one_stands_aside(boot: Folder) -> None:
    write(boot)
    kernel_image.activate(boot, NEW, OLD, older=True)
    assert boot.has() == [f"skyrocket-{'aa' * 4}+0.efi", f"skyrocket-{'bb' * 4}+1.efi"]
    assert chosen(boot, old="1.1.0", new="1.0.0") == "1.0.0"


@pytest.mark.parametrize("older", [False, True])
def test_deactivating_gives_back_what_was_before(boot: Folder, *, older: bool) -> None:
    write(boot)
    kernel_image.activate(boot, NEW, OLD, older=older)
    kernel_image.deactivate(boot, NEW, OLD)
    assert boot.has() == [f"skyrocket-{'aa' * 4}.efi"]
    kernel_image.activate(boot, NEW, OLD, older=older)
    assert chosen(boot, old="1.0.0", new="1.1.0") == "1.1.0"


def chosen(boot: Folder, *, old: str, new: str) -> str:
    """The version that the loader boots, as it is modelled."""
    versions = {slots.key_of(OLD): old, slots.key_of(NEW): new}
    found = booted_by_loader([Uki(name, versions[name.key]) for name in boot.names()])
    assert found is not None
    return found.version


def test_room_is_made_by_removing_every_other_image(boot: Folder, tmp_path: Path) -> None:
    write(boot)
    (tmp_path / slots.FOLDER / f"skyrocket-{'cc' * 4}+0-1.efi").write_bytes(b"failed")
    kernel_image.make_room(boot, OLD, "dd" * 32, 100)
    assert boot.has() == [f"skyrocket-{'aa' * 4}.efi"]
    assert list((tmp_path / kernel_image.STAGED).iterdir()) == []


def test_what_cannot_fit_is_said_before_anything_is_removed(boot: Folder, tmp_path: Path) -> None:
    """All that would be removed counts as free."""
    write(boot)
    failed = tmp_path / slots.FOLDER / f"skyrocket-{'cc' * 4}+0-1.efi"
    failed.write_bytes(b"failed")
    boot.room = kernel_image.SLACK
    kernel_image.fits(boot, OLD, len(DATA) + len(b"failed"))
    with pytest.raises(SlotError, match="bytes free, the kernel image needs"):
        kernel_image.fits(boot, OLD, len(DATA) + len(b"failed") + 1)
    assert failed.exists()
    assert len(list((tmp_path / kernel_image.STAGED).iterdir())) == 1


def test_an_image_that_does_not_fit_is_said_before_it_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(SlotError, match="5000 bytes free, the kernel image needs 9000"):
        kernel_image.make_room(Folder(tmp_path, 5000), OLD, NEW, 9000)


def test_what_was_staged_of_the_wanted_image_stays_and_counts(boot: Folder, tmp_path: Path) -> None:
    write(boot)
    boot.room = kernel_image.SLACK
    kernel_image.make_room(boot, OLD, NEW, len(DATA))
    assert (tmp_path / kernel_image.STAGED / slots.name_for(NEW)).read_bytes() == DATA
    with pytest.raises(SlotError, match="bytes free"):
        kernel_image.make_room(boot, OLD, NEW, len(DATA) + 1)


def test_without_the_running_versions_image_nothing_is_removed(
    boot: Folder, tmp_path: Path
) -> None:
    write(boot)
    with pytest.raises(SlotError, match="the running version's kernel image is not there"):
        kernel_image.make_room(boot, "dd" * 32, NEW, 100)
    assert len(list((tmp_path / kernel_image.STAGED).iterdir())) == 1


def test_a_move_leaves_one_folder_before_the_file_is_named_in_the_other(
    boot: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux's FAT writes a file's length with the file alone, and each folder by itself."""
    write(boot)
    synced: list[str] = []
    for name in ("sync_folder", "sync_file"):
        monkeypatch.setattr(files, name, lambda path: synced.append(path.rpartition("/")[2]))
    monkeypatch.setattr(boot, "sync", lambda: synced.append("all"))
    kernel_image.activate(boot, NEW, OLD, older=False)
    assert synced == ["staged", f"skyrocket-{'bb' * 4}+1.efi", "Linux", "all"]
    synced.clear()
    kernel_image.deactivate(boot, NEW, OLD)
    assert synced == ["Linux", f"skyrocket-{'bb' * 4}.efi", "staged", "all"]
