"""The boot partition, mounted only while it is needed: which UKIs it holds, and renames.

A rename is finished when file, folder and file system are synced: FAT has no journal.
Rules: `EFI/Linux` holds at most two UKIs, a folder with an addon for each, and nothing else
(decided in docs/boot.md).
Deliberately unknown here: which name is right (`slots.choice`).
"""

from __future__ import annotations

import os

from skyrocket.host.system import files, kernel
from skyrocket.host.system.faults import DoorError, refused
from skyrocket.models import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
# The kernel's default character set is a module of its own; ascii is the one we ship.
_OPTIONS = "umask=0077,iocharset=ascii,codepage=437,utf8=0,errors=remount-ro"


class BootPartition:
    """A context: the vfat partition DEVICE is mounted at PLACE inside it."""

    def __init__(self, device: str, place: str = "/run/skyrocket/boot-partition") -> None:
        self._device = device
        self._place = place

    def __enter__(self) -> Self:
        os.makedirs(self._place, 0o700, exist_ok=True)
        kernel.mount(self._device, self._place, "vfat", _FLAGS, _OPTIONS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        kernel.unmount(self._place)
        os.rmdir(self._place)

    def names(self) -> list[slots.Name]:
        """The UKIs in EFI/Linux."""
        return uki_names(f"{self._place}/{slots.FOLDER}")

    def path(self, name: str) -> str:
        """Where the file NAME is or would be while the partition is mounted."""
        return f"{self._place}/{name}"

    def sync(self) -> None:
        """Do not return before the medium has everything: FAT has no journal."""
        os.sync()

    def free(self) -> int:
        """Bytes that are free."""
        found = os.statvfs(self._place)
        return found.f_bavail * found.f_frsize

    def rename(self, old: slots.Name, new: slots.Name) -> None:
        """Rename a UKI and do not return before the medium has it."""
        rename_uki(f"{self._place}/{slots.FOLDER}", old, new)


def uki_names(folder: str) -> list[slots.Name]:
    """The UKIs of ours in FOLDER, by name."""
    try:
        found = [slots.parse(name) for name in sorted(os.listdir(folder))]
    except OSError as error:
        raise refused(f"list {folder}", error) from error
    return [name for name in found if name]


def rename_uki(folder: str, old: slots.Name, new: slots.Name) -> None:
    """Rename OLD to NEW in FOLDER; file, folder and file system are synced."""
    if old == new:
        return
    target = f"{folder}/{new}"
    if os.path.exists(target):
        raise DoorError(f"cannot rename {old}: {new} is there already")
    try:
        os.rename(f"{folder}/{old}", target)
        fd = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(fd)
        os.close(fd)
        files.sync_folder(folder)
        os.sync()
    except OSError as error:
        raise refused(f"rename {old} to {new}", error) from error
