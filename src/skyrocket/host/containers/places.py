"""Where things of a container lie on the node. Pure: names only.

ROOT is for tests; on the node it is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skyrocket.host.containers.model import KindName

HOSTS = "/etc/containerd/certs.d"
CREDENTIALS = "/etc/containerd/credentials.json"
DEFAULTS = "/etc/containerd/oci-defaults.json"
PULL = "/etc/containerd/pull.json"
PROXY = "/etc/network/proxy.env"
APICLIENT = "/usr/bin/apiclient"
API_SOCKET = "/run/api.sock"


class Places:
    """The paths of container NAME of a KIND."""

    __slots__ = ("kind", "name", "root")

    def __init__(self, kind: KindName, name: str, root: str = "") -> None:
        self.kind, self.name, self.root = kind, name, root

    @property
    def specification(self) -> str:
        """The file the settings are rendered to."""
        folder = "host-containers" if self.kind == "host" else "containers"
        return f"{self.root}/etc/{folder}/{self.name}.json"

    @property
    def store(self) -> str:
        """The folder that outlives the container."""
        folder = "host-containers" if self.kind == "host" else "containers"
        return f"{self.root}/local/{folder}/{self.name}"

    @property
    def _instance(self) -> str:
        return "host-containerd" if self.kind == "host" else "containerd"

    @property
    def containerd(self) -> str:
        """The socket of the containerd that keeps this kind's images."""
        return f"{self.root}/run/{self._instance}/containerd.sock"

    @property
    def content(self) -> str:
        """The folder of that containerd's blobs, each named by its hash."""
        return f"{self.root}/var/lib/{self._instance}/io.containerd.content.v1.content/blobs/sha256"

    @property
    def whole(self) -> str:
        """The folder that names the images known to be whole on the disk."""
        return f"{self.root}/var/lib/skyrocket/whole-images/{self._instance}"

    @property
    def settled(self) -> str:
        """There once this boot has looked for images that are not."""
        return f"{self.root}/run/skyrocket/containers/{self._instance}.settled"

    @property
    def bundle(self) -> str:
        """The folder of the running container: configuration, root, process id."""
        return f"{self.root}/run/skyrocket/containers/{self.kind}/{self.name}"

    @property
    def rootfs(self) -> str:
        return f"{self.bundle}/rootfs"

    @property
    def pid(self) -> str:
        """Where runc writes the process id; the unit's PIDFile."""
        return f"{self.bundle}/pid"

    @property
    def runc(self) -> str:
        """The folder in which runc keeps the state of this kind's containers."""
        return runc_state(self.kind, self.root)

    @property
    def hosts(self) -> str:
        """The folder of registries' hosts.toml."""
        return self.root + HOSTS

    @property
    def credentials(self) -> str:
        """The file that says as whom each registry is asked."""
        return self.root + CREDENTIALS

    @property
    def defaults(self) -> str:
        """The file that says what workloads may do."""
        return self.root + DEFAULTS

    @property
    def pull(self) -> str:
        """The file that says how workloads' images are pulled."""
        return self.root + PULL

    @property
    def attempt(self) -> str:
        """The folder of registries' hosts.toml while one of them is asked on its own."""
        return f"{self.root}/run/skyrocket/registries/{self.kind}.{self.name}"

    @property
    def proxy(self) -> str:
        return self.root + PROXY

    @property
    def snapshot(self) -> str:
        """What containerd calls the container's writable layer."""
        return f"skyrocket.{self.kind}.{self.name}"

    @property
    def unit(self) -> str:
        prefix = "host-containers" if self.kind == "host" else "containers"
        return f"{prefix}@{self.name}.service"


def runc_state(kind: KindName, root: str = "") -> str:
    """The folder in which runc keeps the state of a KIND's containers."""
    return f"{root}/run/skyrocket/runc/{kind}"
