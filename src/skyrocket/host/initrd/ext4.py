"""The writable ext4 partitions: judge, mend, make, mount. The tools are the verified root's own."""

from __future__ import annotations

import fcntl
import os
import struct

from skyrocket.host.initrd import drivers
from skyrocket.host.initrd.root import SYSROOT
from skyrocket.host.system import kernel
from skyrocket.host.system.faults import DoorError, refused
from skyrocket.host.system.process import run_in_root

FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV
_SUPERBLOCK = 1024
_MAGIC = 0xEF53
_HAS_ERRORS = 2
_EXT4_IOC_RESIZE_FS = 0x40086610


def says_damaged(device: str) -> bool:
    """Whether the file system itself noted errors when it was last used."""
    with open(device, "rb", buffering=0) as file:
        raw = os.pread(file.fileno(), 64, _SUPERBLOCK)
    magic, state = struct.unpack_from("<HH", raw, 56)
    return magic == _MAGIC and bool(state & _HAS_ERRORS)


def mount(device: str, place: str, flags: int = FLAGS) -> None:
    """Mount DEVICE at PLACE."""
    kernel.mount(device, place, "ext4", flags)


def repair(device: str) -> str:
    """Run e2fsck, carefully, then insisting -> what it did; DoorError when that is not enough."""
    for mode in ("-p", "-y"):
        status, said = in_root("/usr/sbin/e2fsck", mode, device)
        # 0: clean, 1: mended, 2: mended and wants a reboot (only for a mounted root).
        if status in {0, 1, 2}:
            return f"{device} checked with e2fsck {mode}: {'clean' if status == 0 else 'mended'}"
    raise DoorError(f"cannot mend {device}: e2fsck ends with {status}: {reason_in(said)}")


def make(device: str, label: str) -> None:
    """Make a new file system; the tables are zeroed later, in the background."""
    status, said = in_root(
        "/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-m", "0",
        "-O", "metadata_csum,64bit", "-J", "size=64", "-E", "nodiscard,lazy_itable_init=1", device,
    )  # fmt: skip
    if status:
        why = reason_in(said)
        raise DoorError(f"cannot make a file system on {device}: mke2fs ends with {status}: {why}")


def reason_in(said: str) -> str:
    """The line in which a tool of e2fsprogs says what is wrong: the first behind its version."""
    lines = [line for line in said.splitlines() if line and " 1." not in line[:10]]
    return lines[0] if lines else "it said nothing"


def grow(place: str, bytes_wanted: int) -> None:
    """Let the file system mounted at PLACE fill BYTES_WANTED; the kernel does it by itself."""
    fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        blocks = bytes_wanted // os.fstatvfs(fd).f_bsize
        fcntl.ioctl(fd, _EXT4_IOC_RESIZE_FS, struct.pack("=Q", blocks))
    except OSError as error:
        raise refused(f"grow the file system at {place}", error) from error
    finally:
        os.close(fd)


def in_root(*argv: str) -> tuple[int, str]:
    """Run a tool of the root with the devices in sight -> (exit status, what it said)."""
    kernel.mount("/dev", SYSROOT + "/dev", flags=kernel.MS_BIND)
    try:
        return run_in_root(SYSROOT, argv, drivers.feed_watchdog)
    finally:
        kernel.unmount(SYSROOT + "/dev")
