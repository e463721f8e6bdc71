"""System calls that Python has no name for: mount, umount, finit_module, reboot.

They come from `_node`, a C module built into our sealed programs. Deliberately unknown here: what
is mounted where, and why. Imported by the initrd, so it stays with `os`.
"""

from __future__ import annotations

import os

import _node
from skyrocket.host.system.faults import refused

# <linux/mount.h>
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_MOVE = 8192
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_STRICTATIME = 1 << 24

MNT_DETACH = 2

# <linux/module.h>: the kernel decompresses the file itself.
MODULE_INIT_COMPRESSED_FILE = 4

# <linux/reboot.h>
RB_AUTOBOOT = 0x01234567
RB_POWER_OFF = 0x4321FEDC


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Attach SOURCE at TARGET; FLAGS are the MS_ constants above."""
    try:
        _node.mount(source, target, kind, flags, data)
    except OSError as error:
        raise refused(f"mount {source} on {target}", error) from error


def unmount(target: str, flags: int = 0) -> None:
    """Detach what is mounted at TARGET."""
    try:
        _node.umount(target, flags)
    except OSError as error:
        raise refused(f"unmount {target}", error) from error


def load_module(path: str, parameters: str = "") -> None:
    """Load the module file at PATH; a module that is there already is fine."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise refused(f"open module {path}", error) from error
    try:
        compressed = not path.endswith(".ko")
        _node.finit_module(fd, parameters, MODULE_INIT_COMPRESSED_FILE if compressed else 0)
    except FileExistsError:
        return
    except OSError as error:
        raise refused(f"load module {path}", error) from error
    finally:
        os.close(fd)


def reboot(command: int = RB_AUTOBOOT) -> None:
    """Start the machine again at once: what is written gets synced, nothing is shut down."""
    os.sync()
    _node.reboot(command)
