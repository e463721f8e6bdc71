"""Leave the initrd: hand the kernel's file systems over, free the memory, become systemd."""

from __future__ import annotations

import os
import stat

from skyrocket.host.initrd.ground import FILE_SYSTEMS
from skyrocket.host.initrd.root import SYSROOT
from skyrocket.host.system import kernel

INIT = "/usr/lib/systemd/systemd"


def switch_root(arguments: list[str]) -> None:
    """Make /sysroot the root and execute its PID 1 with ARGUMENTS. Returns only by an exception."""
    for _, place, _, _ in FILE_SYSTEMS:
        kernel.mount(place, SYSROOT + place, flags=kernel.MS_MOVE)
    old = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.chdir(SYSROOT)
    kernel.mount(".", "/", flags=kernel.MS_MOVE)
    os.chroot(".")
    os.chdir("/")
    # The initramfs is memory: its modules and this very program would stay there for ever.
    empty(old, os.fstat(old).st_dev)
    os.close(old)
    os.umask(0o022)
    os.execve(INIT, [INIT, *arguments], {"TERM": "linux"})  # noqa: S606  # no shell anywhere


def empty(folder: int, device: int) -> None:
    """Remove all below the open FOLDER that lies on DEVICE; what cannot be removed stays."""
    for name in os.listdir(folder):
        try:
            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if about.st_dev != device:
                continue
            if not stat.S_ISDIR(about.st_mode):
                os.unlink(name, dir_fd=folder)
                continue
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(name, flags, dir_fd=folder)
            empty(inner, device)
            os.close(inner)
            os.rmdir(name, dir_fd=folder)
        except OSError:
            continue
