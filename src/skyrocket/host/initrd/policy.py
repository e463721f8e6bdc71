"""SELinux before PID 1: load the verified root's policy, and label what the root cannot bring.

The rights to load and to switch off are given to nobody, so this is the only moment for either
(ADR 0011). The verified root decides: one that brings a policy boots with it or not at all,
whatever the kernel was told of SELinux.
"""

from __future__ import annotations

import os

from skyrocket.host.initrd.root import SYSROOT
from skyrocket.host.system import selinux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "/usr/share/skyrocket/selinux/policy"
ETC, LOCAL, PRIVATE, STATE = (
    f"system_u:object_r:{kind}:s0" for kind in ("etc_t", "local_t", "private_t", "state_t")
)


def load(root: str = SYSROOT) -> bool:
    """Load the policy of ROOT -> whether it brings one; DoorError when the kernel takes it not."""
    if not os.path.exists(root + FILE):
        return False
    selinux.load(root + FILE)
    return True


def option(label: str, *, active: bool) -> str:
    """The mount option that gives a new file system's top folder LABEL.

    >>> option("u:r:t:s0", active=True)
    ',rootcontext=u:r:t:s0'
    """
    return f",rootcontext={label}" if active else ""


def label_private(folder: str, *, active: bool, label: Callable[[str, str], None]) -> None:
    """Label all below FOLDER, which was mounted and written before there was a policy."""
    if not active:
        return
    for parent, folders, names in os.walk(folder):
        inside = parent == f"{folder}/boot" or parent.startswith(f"{folder}/boot/")
        label(parent, STATE if inside else PRIVATE)
        links = [name for name in folders if os.path.islink(f"{parent}/{name}")]
        for name in (*names, *links):
            label(f"{parent}/{name}", STATE if inside else PRIVATE)
