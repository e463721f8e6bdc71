"""Small text files, read and replaced without `pathlib`: for programs whose start-up counts."""

from __future__ import annotations

import os


def read_small(path: str) -> str:
    """The text at PATH, at most 64 KiB of it; empty when it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(fd, 65536).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)


def write_small(path: str, text: str, mode: int = 0o644, *, sync: bool = False) -> None:
    """Write TEXT as a new file at PATH."""
    if os.path.lexists(path):
        os.unlink(path)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        os.write(fd, text.encode())
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)


def write_synced(path: str, text: str, mode: int = 0o644) -> None:
    """Replace the file at PATH so that a power cut leaves the old text or the new one, whole."""
    new = path + ".new"
    write_small(new, text, mode, sync=True)
    os.rename(new, path)
    sync_folder(path.rpartition("/")[0] or "/")


def sync_folder(path: str) -> None:
    """Make the names in folder PATH survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
