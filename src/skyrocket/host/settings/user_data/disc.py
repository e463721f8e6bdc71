"""Find the NoCloud disc among the block devices, mount it read-only, read its user data."""

# ruff: noqa: PTH103, PTH123, PTH208  (pathlib is 20 modules at start-up)
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from skyrocket.host.settings.errors import UserDataError
from skyrocket.host.settings.user_data import label
from skyrocket.host.system import files, journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.host.system.modules import Loader

    Mount = Callable[[str, str, str], None]
    Unmount = Callable[[str], None]

FOLDERS = ("/sys/class/block", "/dev")
MOUNT_POINT = "/run/skyrocket/user-data"
NAMES = ("user-data", "user-data.toml")
_PCI_STORAGE = "bc01"  # the base class in a PCI device's name for itself
_NEVER = ("dm-", "loop", "ram", "zram", "nbd", "fd", "md")


class Mounter(Protocol):
    """The door to drives and mount(2) this room needs."""

    def wake(self) -> None: ...
    def mount(self, device: str, target: str, kind: str) -> None: ...
    def unmount(self, target: str) -> None: ...


class KernelMounter:
    """The real one; its module is imported only when there is a disc."""

    def wake(self) -> None:
        """Have every storage controller look at its drives, and wait until it has.

        The initrd waits for no controller but the root's, and udev may not be there yet. A driver
        returns from its start when it has seen its drives.
        """
        from skyrocket.host.system import modules

        loader = _loader()
        for modalias in modules.modaliases(("pci",)):
            if _PCI_STORAGE in modalias:
                for name in loader.index.answering(modalias):
                    loader.load(name)
        loader.coldplug(("scsi",))

    def mount(self, device: str, target: str, kind: str) -> None:
        from skyrocket.host.system import kernel

        flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
        _load_module({"iso9660": "isofs"}.get(kind, kind))
        kernel.mount(device, target, kind, flags)

    def unmount(self, target: str) -> None:
        from skyrocket.host.system import kernel

        kernel.unmount(target)


def find(folders: tuple[str, str] = FOLDERS) -> tuple[str, str] | None:
    """The first disc with the label -> (its device, its file system)."""
    listing, devices = folders
    try:
        names = sorted(os.listdir(listing))
    except OSError:
        return None
    for name in names:
        if not name.startswith(_NEVER):
            device = f"{devices}/{name}"
            kind = label.file_system(_start(device))
            if kind:
                return device, kind
    return None


def read(
    mounter: Mounter, folders: tuple[str, str] = FOLDERS, mount_point: str = MOUNT_POINT
) -> tuple[str, bytes] | None:
    """The user data of the NoCloud disc -> (what to call it, its bytes); None without a disc."""
    disc = find(folders)
    if disc is None:
        mounter.wake()
        disc = find(folders)
    if disc is None:
        return None
    device, kind = disc
    os.makedirs(mount_point, exist_ok=True)
    try:
        mounter.mount(device, mount_point, kind)
    except Exception as error:
        raise UserDataError(f"cannot read user data on {device}: {error}") from error
    try:
        for name in NAMES:
            raw = files.read(f"{mount_point}/{name}")
            if raw is not None:
                return f"{name} on {device}", raw
    except OSError as error:
        raise UserDataError(f"cannot read user data on {device}: {error.strerror}") from error
    finally:
        mounter.unmount(mount_point)
    journal.warning(f"{device} is labelled cidata and has no file user-data")
    return None


def _start(device: str) -> bytes:
    """The first bytes of DEVICE; nothing when it has no medium or cannot be read."""
    try:
        with open(device, "rb", buffering=0) as file:
            return file.read(label.SUPERBLOCK) or b""
    except OSError:
        return b""


def _loader() -> Loader:
    from skyrocket.host.system import modules

    return modules.Loader(f"/usr/lib/modules/{os.uname().release}")


def _load_module(name: str) -> None:
    """Have the kernel know file system NAME; what is built in needs nothing."""
    loader = _loader()
    loader.load(name)
    if name == "vfat":
        for table in ("nls_cp437", "nls_ascii"):
            loader.load(table)
