"""Start a container as the verb does, on a machine that is no node: run as a program of its own.

Arguments: the folder that stands for the node's root, KIND, NAME, ctr, runc, control group.
"""

from __future__ import annotations

import ctypes
import sys

import _node
from skyrocket.host.containers import run, runc
from skyrocket.host.containers.containerd import Containerd
from skyrocket.host.containers.places import Places

CLONE_NEWNS = 0x20000
MS_REC, MS_SLAVE = 16384, 1 << 19


class Kernel:
    """The mounts this machine's kernel makes."""

    def mount(
        self, source: str, target: str, kind: str = "", flags: int = 0, data: str = ""
    ) -> None:
        _node.mount(source, target, kind, flags, data)


def main(root: str, kind: str, name: str, ctr: str, runc_path: str, group: str) -> None:
    places = Places("host" if kind == "host" else "workload", name, root)
    if ctypes.CDLL(None).unshare(CLONE_NEWNS):
        sys.exit("cannot leave this machine's mounts")
    _node.mount("", "/", "", MS_REC | MS_SLAVE, "")
    run.prepare(places, Containerd(places, ctr=ctr), Kernel(), group)
    runc.become(places, runc_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
