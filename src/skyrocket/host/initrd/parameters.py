"""Kernel parameters of the verified root, set while nothing else runs yet.

Which ones, and why, is data of the build (docs/kernel.md). Later is too late for some: what PID 1
starts would already run without them.
"""

from __future__ import annotations

from skyrocket.host.initrd.root import SYSROOT
from skyrocket.host.system import proc
from skyrocket.host.system.text import text_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.report import Report

FILE = "/usr/lib/sysctl.d/50-skyrocket.conf"


def set_all(report: Report, root: str = SYSROOT, to: str = proc.SYSCTL) -> None:
    """Set what FILE of the ROOT says; a value that the kernel refuses makes the node degraded."""
    for key, value in proc.parameters(text_in(root + FILE)):
        try:
            proc.set_parameter(key, value, to)
        except OSError as error:
            reason = error.strerror or str(error)
            report.degrade(f"cannot set kernel parameter {key} to {value}: {reason}")
