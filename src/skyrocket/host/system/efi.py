"""EFI variables that firmware and loader leave for us. Read only: none decides what boots.

Sources: "The Boot Loader Interface" (systemd), UEFI 2.10 section 3.3. Deliberately unknown here:
what a name means.
"""

from __future__ import annotations

import codecs
import os

from skyrocket.host.system import kernel
from skyrocket.host.system.faults import DoorError

FOLDER = "/sys/firmware/efi/efivars"
_LOADER = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
_GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
_ATTRIBUTE_BYTES = 4


def loader_variable(name: str, folder: str = FOLDER) -> str:
    """The text of a variable of the loader (`LoaderBootCountPath`), empty when it is not set."""
    return text_of(_read(f"{folder}/{name}-{_LOADER}"))


def secure_boot(folder: str = FOLDER) -> bool | None:
    """Whether firmware says that it checked what it started; None when it says nothing.

    Firmware that lies is not found out: this is for people who look for a switch left off.
    """
    raw = _read(f"{folder}/SecureBoot-{_GLOBAL}")
    return raw[_ATTRIBUTE_BYTES] == 1 if len(raw) > _ATTRIBUTE_BYTES else None


def _read(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""
    finally:
        os.close(fd)


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
