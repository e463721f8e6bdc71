"""The door to runc and to the mount of a container's root.

The start ends in `runc run --detach`: no process of ours, of containerd or of runc stays beside a
container. systemd adopts the container's first process (PIDFile=), so limits, restarts, exit
status and the journal are the unit's own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn, Protocol

from skyrocket import command
from skyrocket.command import CommandError
from skyrocket.host.containers.errors import RuntimeFailedError

if TYPE_CHECKING:
    from skyrocket.host.containers.model import OverlayMount
    from skyrocket.host.containers.places import Places

RUNC = "/usr/sbin/runc"
SLAVE = 1 << 19  # MS_SLAVE


class Mounts(Protocol):
    """System calls this room needs; `host.system.kernel` on the node."""

    def mount(
        self, source: str, target: str, kind: str = "", flags: int = 0, data: str = ""
    ) -> None: ...


def delete(places: Places, runc: str = RUNC) -> None:
    """End and forget the container, if runc knows of it."""
    if not os.path.isdir(f"{places.runc}/{places.name}"):  # noqa: PTH112
        return
    try:
        command.run([runc, "--root", places.runc, "delete", "--force", places.name])
    except CommandError as error:
        raise RuntimeFailedError(f"cannot remove the container left behind: {error}") from error


def leave_host_mounts(mounts: Mounts) -> None:
    """Go where mounts of ours are not the node's.

    A container's root is then mounted for its processes alone and goes with the last of them;
    PID 1 makes no unit of it that a shutdown would try to unmount below a running container.
    /run still follows the node's, but hands nothing back; /mnt stays shared both ways.
    """
    try:
        os.unshare(os.CLONE_NEWNS)
        mounts.mount("", "/run", "", SLAVE)
    except OSError as error:
        raise RuntimeFailedError(f"cannot leave the node's mounts: {error.strerror}") from error


def mount(places: Places, overlay: OverlayMount, mounts: Mounts, label: str = "") -> None:
    """Mount the container's root file system, all of whose files have LABEL."""
    os.makedirs(places.rootfs, mode=0o700, exist_ok=True)  # noqa: PTH103
    try:
        # In quotes: two categories have a comma between them.
        options = [*overlay.options, f'context="{label}"'] if label else overlay.options
        mounts.mount(overlay.source, places.rootfs, overlay.type, 0, ",".join(options))
    except OSError as error:
        raise RuntimeFailedError(
            f"cannot mount the root of {places.name}: {error.strerror or error}"
        ) from error


def become(places: Places, runc: str = RUNC) -> NoReturn:
    """Replace this process by runc, which starts the container and leaves."""
    argv = [runc, "--root", places.runc, "run", "--detach"]
    argv += ["--bundle", places.bundle, "--pid-file", places.pid, places.name]
    try:
        os.execve(runc, argv, {"PATH": "/usr/sbin:/usr/bin"})  # noqa: S606  # there is no shell
    except OSError as error:
        raise RuntimeFailedError(f"cannot run {runc}: {error.strerror}") from error
