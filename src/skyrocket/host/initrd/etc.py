"""/etc: a tmpfs with the factory's files, and this node's machine id."""

from __future__ import annotations

import os
import stat

from skyrocket.host.initrd.root import SYSROOT
from skyrocket.host.system import files, kernel
from skyrocket.host.system.text import text_in

ETC = SYSROOT + "/etc"
FACTORY = SYSROOT + "/usr/share/factory/etc"


def make_etc(options: str = "") -> None:
    """Mount /etc, with more OPTIONS, and copy the factory's files there, with modes and owners."""
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("tmpfs", ETC, "tmpfs", flags, f"mode=0755,size=64m{options}")
    if os.path.isdir(FACTORY):
        copy_tree(FACTORY, ETC)


def copy_tree(source: str, target: str) -> None:
    """Copy folders, files and links below SOURCE into the folder TARGET; umask must be 0."""
    with os.scandir(source) as entries:
        for entry in entries:
            _copy(entry.path, f"{target}/{entry.name}")


def _copy(source: str, target: str) -> None:
    about = os.lstat(source)
    mode = stat.S_IMODE(about.st_mode)
    if stat.S_ISLNK(about.st_mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISDIR(about.st_mode):
        os.mkdir(target, mode)
        copy_tree(source, target)
    else:
        _copy_file(source, target, mode, about.st_size)
    if about.st_uid or about.st_gid:
        os.lchown(target, about.st_uid, about.st_gid)
        if not stat.S_ISLNK(about.st_mode):
            os.chmod(target, mode)


def _copy_file(source: str, target: str, mode: int, size: int) -> None:
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        while size > 0 and (done := os.sendfile(writer, reader, None, size)):
            size -= done
    finally:
        os.close(reader)
        os.close(writer)


def write_machine_id(private: str) -> str:
    """Put this node's machine id into /etc; made once, kept on the PRIVATE folder."""
    kept = f"{private}/machine-id"
    ident = text_in(kept)
    if len(ident) != 32 or ident.strip("0123456789abcdef"):
        ident = new_machine_id(os.urandom(16))
        files.replace(kept, f"{ident}\n".encode(), 0o444, durable=True)
    files.replace(f"{ETC}/machine-id", f"{ident}\n".encode(), 0o444)
    return ident


def new_machine_id(random: bytes) -> str:
    """A machine id is a version 4 UUID without its dashes (systemd, machine-id(5))."""
    raw = bytearray(random)
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return raw.hex()
