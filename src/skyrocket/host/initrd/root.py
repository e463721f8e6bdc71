"""The verified root: dm-verity over the slot's two partitions, erofs on top, at /sysroot."""

from __future__ import annotations

import os

from skyrocket.host.initrd.errors import BootError
from skyrocket.host.system import devicemapper, kernel, verity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.find import Found

SYSROOT = "/sysroot"


def mount_root(found: Found, root_hash: str, on_corruption: str) -> None:
    """Open the root under ROOT_HASH and mount it read-only at /sysroot."""
    data = found.disk.partition(found.root_slot + 1)
    tree = found.disk.partition(found.hash_slot + 1)
    with open(tree.device, "rb", buffering=0) as file:
        superblock = verity.parse(file.read(verity.SUPERBLOCK_BYTES))
    parameters = verity.table(superblock, data.number, tree.number, root_hash, on_corruption)
    name = f"CRYPT-VERITY-{superblock.uuid}-root"
    device = devicemapper.create("root", name, "verity", superblock.sectors, parameters)
    if not os.path.isdir(SYSROOT):
        os.mkdir(SYSROOT, 0o755)
    kernel.mount(device, SYSROOT, "erofs", kernel.MS_RDONLY)
    if not os.path.isdir(SYSROOT + "/usr"):
        raise BootError(f"cannot use root {root_hash[:8]}: it has no /usr")
