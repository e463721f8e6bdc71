"""Which mounts a container gets: the base that every one has, and what a kind adds.

Pure. A mount whose source may be missing on some node is left out there: PRESENT says which
sources exist, and `missing` names the ones a person should hear of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.containers.model import Mount
from skyrocket.host.containers.places import API_SOCKET, APICLIENT

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from skyrocket.host.containers.places import Places

_BIND = ("bind", "rprivate")
_BIND_READ_ONLY = ("bind", "ro", "rprivate")
_TREE_READ_ONLY = ("rbind", "ro", "rprivate")
_HARD = ("nosuid", "noexec", "nodev")

BASE = (
    Mount("/proc", "proc", "proc", _HARD),
    Mount("/run", "tmpfs", "tmpfs", ("nosuid", "nodev", "mode=755", "size=65536k")),
)
OWN_DEVICES = (
    Mount("/dev", "tmpfs", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k")),
    Mount(
        "/dev/pts",
        "devpts",
        "devpts",
        ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
    ),
    Mount("/dev/shm", "tmpfs", "shm", (*_HARD, "mode=1777", "size=65536k")),  # noqa: S108
    Mount("/dev/mqueue", "mqueue", "mqueue", _HARD),
    Mount("/sys", "sysfs", "sysfs", (*_HARD, "ro")),
)
# Changes of the node's devices and mounts arrive in a superpowered container, its own stay in it.
HOST_DEVICES = (
    Mount("/dev", "bind", "/dev", ("rbind", "rslave")),
    # Not the node's /sys: its mount of selinuxfs must not be there (OpenSSH would ask it).
    Mount("/sys", "sysfs", "sysfs", _HARD),
)
NAMES = (
    Mount("/etc/hosts", "bind", "/etc/hosts", _BIND_READ_ONLY),
    Mount("/etc/resolv.conf", "bind", "/etc/resolv.conf", _BIND_READ_ONLY),
)
HOST = (
    Mount(API_SOCKET, "bind", API_SOCKET, _BIND),
    Mount("/usr/local/bin/apiclient", "bind", APICLIENT, _BIND_READ_ONLY),
    Mount("/sys/fs/cgroup", "bind", "/sys/fs/cgroup", _TREE_READ_ONLY),
    Mount("/etc/bottlerocket-release", "bind", "/etc/bottlerocket-release", _BIND_READ_ONLY),
    Mount(
        "/usr/share/bottlerocket/application-inventory.json",
        "bind",
        "/usr/share/bottlerocket/application-inventory.json",
        _BIND_READ_ONLY,
    ),
    Mount("/.bottlerocket/support", "bind", "/var/log/support", _TREE_READ_ONLY),
)
SUPERPOWERED = (
    Mount("/.bottlerocket/rootfs", "bind", "/", ("rbind", "ro", "rslave")),
    Mount("/.bottlerocket/rootfs/mnt", "bind", "/mnt", ("rbind", "rshared")),
    Mount("/lib/modules", "bind", "/usr/lib/modules", _TREE_READ_ONLY),
    Mount("/usr/src/kernels", "bind", "/usr/src/kernels", ("rbind", "rprivate")),
    Mount("/sys/kernel/debug", "bind", "/sys/kernel/debug", ("rbind", "rprivate")),
    Mount("/sys/firmware/efi/efivars", "bind", "/sys/firmware/efi/efivars", ("rbind", "rprivate")),
)
WORKLOAD = (Mount("/sys/fs/cgroup", "cgroup", "cgroup", (*_HARD, "relatime", "ro")),)

# Without these a host container is not what it is for, so their absence is worth a line.
EXPECTED = (API_SOCKET, APICLIENT)


def of(places: Places, present: AbstractSet[str], *, superpowered: bool) -> tuple[Mount, ...]:
    """All mounts, in the order in which they are made."""
    if places.kind == "workload":
        return _there((*BASE, *OWN_DEVICES, *WORKLOAD, *NAMES), present)
    devices = HOST_DEVICES if superpowered else OWN_DEVICES
    extra = SUPERPOWERED if superpowered else ()
    return _there((*BASE, *devices, *HOST, *NAMES, *extra, *persistent(places)), present)


def persistent(places: Places) -> tuple[Mount, ...]:
    """A host container's own folder on the node, under its name and under `current`."""
    base = "/.bottlerocket/host-containers"
    return tuple(
        Mount(f"{base}/{name}", "bind", places.store, ("rbind", "rprivate"))
        for name in (places.name, "current")
    )


def sources(places: Places) -> list[str]:
    """Every path of the node that some mount binds: to be looked for before `of` is asked."""
    every = (*NAMES, *HOST, *SUPERPOWERED, *HOST_DEVICES, *persistent(places))
    return sorted({mount.source for mount in every if mount.kind == "bind"})


def missing(places: Places, present: AbstractSet[str]) -> list[str]:
    """Sources that a container of this kind should have and this node lacks."""
    return [path for path in EXPECTED if places.kind == "host" and path not in present]


def _there(mounts: tuple[Mount, ...], present: AbstractSet[str]) -> tuple[Mount, ...]:
    return tuple(mount for mount in mounts if mount.kind != "bind" or mount.source in present)
