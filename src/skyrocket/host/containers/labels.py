"""SELinux labels of a container: its processes' and its files'. Pure.

Two of 1024 categories keep a workload's files and processes from every other's. They follow from
the name: 523,776 pairs, and the same one at every start.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from skyrocket.host.containers.model import KindName

CATEGORIES = 1024


class Labels(NamedTuple):
    """Of processes, and of every file system made for them; both empty: none is set."""

    process: str = ""
    mount: str = ""


def of(kind: KindName, name: str, *, superpowered: bool) -> Labels:
    """The labels of container NAME.

    >>> of("host", "admin", superpowered=True).process
    'system_u:system_r:super_t:s0'
    """
    if kind == "host":
        domain = "super_t" if superpowered else "control_t"
        return Labels(f"system_u:system_r:{domain}:s0", "system_u:object_r:secret_t:s0")
    level = "s0:c{},c{}".format(*categories(name))
    return Labels(f"system_u:system_r:container_t:{level}", f"system_u:object_r:data_t:{level}")


def categories(name: str) -> tuple[int, int]:
    """Two different categories for NAME, the smaller one first."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    first, rest = number % CATEGORIES, number // CATEGORIES
    second = (first + 1 + rest % (CATEGORIES - 1)) % CATEGORIES
    return min(first, second), max(first, second)
