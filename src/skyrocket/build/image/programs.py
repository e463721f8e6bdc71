"""Our own programs as entries of the root and as the initrd's /init."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build import seal
from skyrocket.build.image.entries import Entry
from skyrocket.fetch import places, tags, wheels
from skyrocket.models.definition import DEBIAN_ARCHITECTURE

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.sandbox import Sandbox

ORIGIN = "skyrocket"


class Programs(NamedTuple):
    """Folder with the host program's files, and the two static programs."""

    host: Path
    apiclient: Path
    init: Path

    def entries(self) -> list[Entry]:
        """What of them belongs into the root."""
        found = []
        for path in sorted(self.host.rglob("*")):
            if path.is_file():
                name = str(path.relative_to(self.host))
                mode = 0o644 if name.endswith(".so") else 0o755
                found.append(Entry(name, "file", mode, ORIGIN, content=path))
        return [*found, Entry("usr/bin/apiclient", "file", 0o755, ORIGIN, content=self.apiclient)]


def make(checkout: Path, architecture: str, sandbox: Sandbox) -> Programs:
    """Seal all of them; what did not change since the last time is taken from the cache."""
    debian = DEBIAN_ARCHITECTURE[architecture]
    source, cache = checkout / "src", places.folder("steps")
    folder = host_wheels(checkout, architecture)
    static = {
        name: seal.seal_static(
            sandbox, name, source=source, wheels=folder, cache=cache, architecture=debian
        )
        for name in ("apiclient", "init")
    }
    host = seal.seal_host(sandbox, source=source, wheels=folder, cache=cache, architecture=debian)
    return Programs(host, static["apiclient"], static["init"])


def host_wheels(checkout: Path, architecture: str) -> Path:
    """A folder with the host's locked wheels, unzipped; they are for the node's Python."""
    return wheels.environment([checkout / "requirements/host.txt"], target=tags.node(architecture))
