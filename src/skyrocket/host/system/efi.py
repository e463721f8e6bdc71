"""EFI variables that the boot loader leaves for us. Read only: none of them decides what boots.

Source: "The Boot Loader Interface" (systemd). Deliberately unknown here: what a name means.
"""

from __future__ import annotations

import codecs
import os

from skyrocket.host.system import kernel
from skyrocket.host.system.faults import DoorError

FOLDER = "/sys/firmware/efi/efivars"
_LOADER = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
_ATTRIBUTE_BYTES = 4


def loader_variable(name: str, folder: str = FOLDER) -> str:
    """The text of a variable of the loader (`LoaderBootCountPath`), empty when it is not set."""
    try:
        fd = os.open(f"{folder}/{name}-{_LOADER}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        raw = os.read(fd, 4096)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return text_of(raw)


def text_of(raw: bytes) -> str:
    """What a variable says: attributes, then UTF-16 with a zero at its end."""
    text, _ = codecs.utf_16_le_decode(raw[_ATTRIBUTE_BYTES:], "replace")
    return text.rstrip("\0")


def make_readable(folder: str = FOLDER) -> bool:
    """Mount efivarfs if nobody has -> whether this machine has EFI variables at all."""
    if not os.path.isdir(folder):
        return False
    if not os.listdir(folder):
        try:
            flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
            kernel.mount("efivarfs", folder, "efivarfs", flags | kernel.MS_RDONLY)
        except DoorError:
            return False
    return True
