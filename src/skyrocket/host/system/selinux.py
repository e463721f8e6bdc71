"""The door to SELinux: load the policy, label files. Which labels, others know.

Imported by the initrd, so it stays with `os`.
"""

from __future__ import annotations

import os

from skyrocket.host.system import kernel
from skyrocket.host.system.faults import DoorError, refused

PLACE = "/sys/fs/selinux"
_ATTRIBUTE = "security.selinux"


def active(place: str = PLACE) -> bool:
    """Whether a policy can hold here: the kernel's interface is mounted."""
    return os.path.exists(f"{place}/enforce")


def load(policy: str) -> None:
    """Enforce from now on, and for good, the policy in the file POLICY.

    Enforcing comes first: after the load it would take a right that nobody has.
    """
    kernel.mount("selinuxfs", PLACE, "selinuxfs", kernel.MS_NOSUID | kernel.MS_NOEXEC)
    try:
        with open(policy, "rb") as file:
            data = file.read()
        _write(f"{PLACE}/enforce", b"1")
        _write(f"{PLACE}/load", data)
    except OSError as error:
        raise refused(f"load the policy {policy}", error) from error


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        # The kernel takes a policy in one write or not at all.
        if os.write(descriptor, data) != len(data):
            raise DoorError(f"cannot write {path}: it took a part")
    finally:
        os.close(descriptor)


def label(path: str, text: str) -> None:
    """Give the file, folder or link at PATH the label TEXT."""
    try:
        os.setxattr(path, _ATTRIBUTE, text.encode() + b"\0", follow_symlinks=False)
    except OSError as error:
        raise refused(f"label {path}", error) from error
