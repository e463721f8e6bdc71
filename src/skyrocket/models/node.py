"""A lab node as its folder remembers it (`nodes/<name>/node.json`)."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Accelerator = Literal["kvm", "tcg"]

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")

SSH_PORT = 2222
DEMO_PORT = 8080
REGISTRY_PORT = 5050
MEMORY = 2048
CPUS = 2
DISK_BYTES = 8 << 30  # sparse: the data partition grows to the disk's end at first boot


class Process(msgspec.Struct, frozen=True):
    """A process of ours; START (clock ticks after boot) tells it from a later one of its id."""

    pid: int
    start: int


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a node is made of; everything that the next `run` needs to continue it."""

    name: str
    variant: str
    architecture: str
    origin: str  # digest of image and user data: a different one needs a new disk
    image: str  # folder of the image that the disk's overlay lies on
    accelerator: Accelerator
    ssh_port: int
    demo_port: int
    registry_port: int
    root_hash: str = ""  # of that image when the node was started
    memory: int = MEMORY  # MiB
    cpus: int = CPUS
    firmware: bool = False  # boot through UEFI and the loader instead of the kernel directly
    secure_boot: bool = False  # its firmware checks signatures
    arguments: str = ""  # additional kernel arguments of a direct boot
    qemu: Process | None = None
    registry: Process | None = None
    serial_from: int = 0  # where this boot begins in the serial log, bytes
    boot_seconds: float = 0.0  # from starting QEMU to the line that says ready; 0: not yet


def valid_name(name: str) -> bool:
    """Lower case letters, digits and inner dashes, at most 40: also a host name and a file name."""
    return NAME.fullmatch(name) is not None
