"""Why the boot before this one ended: what it said itself, what its kernel left behind.

With nothing left behind this costs two looks into folders.
"""

from __future__ import annotations

import os

from skyrocket.host.slots.record import STOPPED
from skyrocket.host.system import files, kernel
from skyrocket.host.system.faults import DoorError
from skyrocket.host.system.text import text_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.slots.record import Records, State
    from skyrocket.host.system.modules import Loader

_PSTORE = "/sys/fs/pstore"
_EFI = "/sys/firmware/efi"
_KEPT_BOOTS = 5


def gather(loader: Loader, records: Records, previous: State) -> str:
    """Move the kernel's last words to the records -> why PREVIOUS ended, "" when it was orderly."""
    words = _empty_pstore(loader, f"{records.folder}/pstore", previous.boot_id or "unknown")
    return explain(previous, records.take_reason(), words)


def explain(previous: State, reason: str, words: str) -> str:
    """One sentence on the end of the boot PREVIOUS, from its REASON and its kernel's last WORDS."""
    if reason:
        return reason
    if panic := panic_line(words):
        return panic
    if not previous.boot_id or previous.stage == STOPPED:
        return ""
    return f"ended without a shutdown after stage: {previous.stage}"


def panic_line(words: str) -> str:
    """The line in a kernel log that names the panic, without its time stamp."""
    for line in words.splitlines():
        start = line.find("Kernel panic - ")
        if start >= 0:
            return line[start:].strip()
    return ""


def _empty_pstore(loader: Loader, folder: str, boot: str) -> str:
    if not os.path.isdir(_PSTORE):
        return ""
    if os.path.isdir(_EFI):
        loader.load("efi_pstore")
    if "ramoops." in text_in("/proc/cmdline"):
        loader.load("ramoops")
    try:
        kernel.mount("pstore", _PSTORE, "pstore")
    except DoorError:
        return ""
    names = sorted(os.listdir(_PSTORE))
    texts = [_move(name, f"{folder}/{boot}") for name in names]
    if names:
        _forget_old(folder)
    # The newest part of the log is in the first file: the panic stands there.
    return "\n".join(texts)


def _move(name: str, folder: str) -> str:
    text = text_in(f"{_PSTORE}/{name}")
    files.replace(f"{folder}/{name}", text.encode(), 0o600, durable=True)
    os.unlink(f"{_PSTORE}/{name}")
    return text


def _forget_old(folder: str) -> None:
    by_age = sorted(os.listdir(folder), key=lambda name: os.stat(f"{folder}/{name}").st_mtime)
    for name in by_age[:-_KEPT_BOOTS]:
        for file in os.listdir(f"{folder}/{name}"):
            os.unlink(f"{folder}/{name}/{file}")
        os.rmdir(f"{folder}/{name}")
