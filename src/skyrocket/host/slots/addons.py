"""The addon of a kernel image in the boot partition: read, written, carried over, removed.

    EFI/Linux/skyrocket-KEY.efi.extra.d/settings.addon.efi

The folder's name has no counter, so it serves the image in all its names. It is replaced by way of
a file that the loader does not look at; FAT has no journal, so a power cut may leave neither: then
the next boot lacks the words, and writes the addon anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.system import files
from skyrocket.host.system.faults import refused
from skyrocket.models import addon, slots

if TYPE_CHECKING:
    from skyrocket.host.slots.boot_partition import BootPartition

FILE = f"{addon.NAME}{addon.SUFFIX}"


def folder(boot: BootPartition, root_hash: str) -> str:
    """Where the addons of ROOT_HASH's kernel image are while BOOT is mounted."""
    return boot.path(addon.folder_of(f"{slots.FOLDER}/{slots.name_for(root_hash)}"))


def read(boot: BootPartition, root_hash: str) -> bytes | None:
    return files.read(f"{folder(boot, root_hash)}/{FILE}")


def write(boot: BootPartition, root_hash: str, data: bytes) -> None:
    """Put DATA there and do not return before the medium has it."""
    try:
        files.replace(f"{folder(boot, root_hash)}/{FILE}", data, 0o600, durable=True)
    except OSError as error:
        raise refused("write the addon", error) from error
    boot.sync()


def remove(boot: BootPartition, root_hash: str) -> None:
    """Remove the folder with all that is in it."""
    files.remove_folder(folder(boot, root_hash))
    boot.sync()


def carry_over(boot: BootPartition, running: str, root_hash: str) -> None:
    """Give a new version the words of the one that is RUNNING."""
    data = read(boot, running)
    if data is not None:
        write(boot, root_hash, data)
