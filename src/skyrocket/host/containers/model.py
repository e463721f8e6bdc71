"""The words of this room: what a container is told to be, what its image says, who its user is.

Kept apart from the code that acts, because msgspec reads these annotations when it is imported.
"""

from typing import Literal

import msgspec

KindName = Literal["host", "workload"]
Restart = Literal["always", "on-failure", "never"]


class Specification(msgspec.Struct, frozen=True, rename="kebab"):
    """A container's file in /etc, rendered from the settings. Unknown keys are newer versions'."""

    source: str
    superpowered: bool = False
    restart: Restart = "always"
    user_data: str | None = None
    command: list[str] | None = None
    environment: dict[str, str] = {}
    memory: int | None = None
    """Bytes."""
    cpu: int | None = None
    """Thousandths of a core."""


class Platform(msgspec.Struct, frozen=True):
    architecture: str = ""
    os: str = ""


class Descriptor(msgspec.Struct, frozen=True):
    digest: str
    platform: Platform = Platform()


class Document(msgspec.Struct, frozen=True):
    """An image manifest (CONFIG is set) or an index of manifests."""

    config: Descriptor | None = None
    manifests: list[Descriptor] = []


class Run(msgspec.Struct, frozen=True, rename="pascal"):
    """What an image wants to be run; absent and null are the same there."""

    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    env: list[str] | None = None
    user: str | None = None
    working_dir: str | None = None


class RootFs(msgspec.Struct, frozen=True):
    diff_ids: list[str]


class ImageConfig(msgspec.Struct, frozen=True):
    """An image's configuration, as far as it matters here."""

    rootfs: RootFs
    config: Run | None = None


class Image(msgspec.Struct, frozen=True):
    """An image that lies unpacked in containerd."""

    reference: str
    digest: str
    """Of the manifest or index the reference names: what people compare."""
    run: Run
    chain: str
    """containerd's name of the snapshot with all layers applied."""


class User(msgspec.Struct, frozen=True):
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


class Mount(msgspec.Struct, frozen=True, rename={"kind": "type", "target": "destination"}):
    """One mount of a container, in the words of the runtime specification."""

    target: str
    kind: str
    source: str
    options: tuple[str, ...] = ()


class OverlayMount(msgspec.Struct, frozen=True, rename="pascal"):
    """How a snapshot is to be mounted, as containerd says it."""

    type: str
    source: str
    options: list[str]


class Limit(msgspec.Struct, frozen=True):
    """A resource limit, in the words of the runtime specification."""

    type: str
    soft: int
    hard: int


class Defaults(msgspec.Struct, frozen=True):
    """What workloads may do when nobody says otherwise; no capabilities said: our own list."""

    capabilities: tuple[str, ...] | None = None
    rlimits: tuple[Limit, ...] = ()


class Credential(msgspec.Struct, frozen=True):
    """How to show oneself to a registry: a name and its password, or a token for both."""

    username: str = ""
    password: str = ""
    token: str = ""


class Pull(msgspec.Struct, frozen=True, rename="kebab"):
    """How workloads' images are pulled; 0: as the client thinks best."""

    max_concurrent_downloads: int = 0


class Attempt(msgspec.Struct, frozen=True):
    """One host to ask for an image, and as whom."""

    address: str
    credential: Credential | None = None


class Facts(msgspec.Struct, frozen=True):
    """What the builder has to know of this node, gathered before."""

    present: frozenset[str]
    """Those of `mounts.sources` that exist."""
    cgroup: str
    """The container's control group, below the unit's."""
    machine: str
    capabilities: tuple[str, ...]
    """All that this node can give: a superpowered container gets them."""
    proxy: dict[str, str] = {}
    process_label: str = ""
    """SELinux label of the container's processes; empty: none is set."""
    mount_label: str = ""
    defaults: Defaults = Defaults()
    """What workloads may do."""
