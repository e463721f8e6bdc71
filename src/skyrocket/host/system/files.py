"""Files of the node: read whole, or replace so that a reader or a power cut sees old or new.

It knows nothing of what the files mean.
"""

from __future__ import annotations

import os
import time

PAUSE_SECONDS = 0.01


def read(path: str) -> bytes | None:
    """The bytes at PATH; None when there is no such file. Other troubles are OSError."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def appears(path: str, seconds: float) -> bool:
    """Wait until there is a file at PATH -> whether it came within SECONDS."""
    deadline = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def replace(path: str, content: bytes, mode: int = 0o644, *, durable: bool = False) -> None:
    """Put CONTENT at PATH by way of a temporary file; DURABLE waits until it is on the disk."""
    folder = os.path.dirname(path)
    make_folder(folder)
    temporary = f"{path}.new"
    try:
        write(temporary, content, mode, durable=durable)
        rename(temporary, path)
    except OSError:
        remove(temporary)
        raise
    if durable:
        sync_folder(folder)


def make_folder(path: str) -> bool:
    """Make PATH and what it lies in; for others to enter, not to write, whatever the umask.

    Say whether it was not there.
    """
    if not path or os.path.isdir(path):
        return False
    make_folder(os.path.dirname(path))
    try:
        os.mkdir(path, 0o755)
    except FileExistsError:
        return False  # another was faster
    return True


def write(path: str, content: bytes, mode: int, *, durable: bool) -> None:
    """Make a file at PATH anew, in place; DURABLE waits for its bytes, not for its name."""
    remove(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fchmod(descriptor, mode)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: str, target: str) -> None:
    """Give the file at SOURCE the name TARGET instead, whatever had it before."""
    os.rename(source, target)


def link(source: str, target: str) -> None:
    """Give the file at SOURCE another name."""
    os.link(source, target)


def make_link(path: str, target: str) -> None:
    """Have PATH lead to TARGET, whatever was there."""
    temporary = f"{path}.new"
    remove(temporary)
    os.symlink(target, temporary)
    rename(temporary, path)


def names(folder: str) -> list[str]:
    """What FOLDER holds; nothing when it does not exist."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def size(path: str) -> int:
    """Bytes that the file at PATH takes on the disk, 0 when there is none."""
    try:
        return os.stat(path).st_blocks * 512
    except FileNotFoundError:
        return 0


def remove(path: str) -> None:
    """Remove the file at PATH, if there is one."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def remove_folder(folder: str) -> None:
    """Remove FOLDER and the files in it, if there is one."""
    for name in names(folder):
        remove(f"{folder}/{name}")
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return


def sync_file(path: str) -> None:
    """Wait until the file at PATH is on the disk, and what its folder says of it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Wait until the names in FOLDER are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def below(folder: str) -> list[str]:
    """Paths of all files under FOLDER, sorted; none when it does not exist."""
    found = []
    for parent, _, names in os.walk(folder):
        found += [os.path.join(parent, name) for name in names]
    return sorted(found)
