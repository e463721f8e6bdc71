"""The SELinux policy: CIL sources to the binary form that the kernel loads, and file contexts.

Compiling proves too: the compiler refuses sources whose rules break one of their `neverallow`s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.image.entries import Entry
from skyrocket.sandbox import Mount, ProgramError

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.sandbox import Sandbox

VERSION = 33
"""Of the binary form: what every kernel since 5.12 reads."""
BINARY, CONTEXTS = "policy", "file_contexts"
PLACES = {
    BINARY: "usr/share/skyrocket/selinux/policy",
    CONTEXTS: "usr/share/factory/etc/selinux/skyrocket/contexts/files/file_contexts",
}
"""Not where PID 1 would look for a policy to load: it is loaded before (ADR 0011)."""


class PolicyError(ValueError):
    """The sources do not compile, or break a promise."""


def compile_sources(tools: Sandbox, sources: Path, folder: Path) -> None:
    """Write the policy and its file contexts into FOLDER; raises PolicyError."""
    names = sorted(path.name for path in sources.glob("*.cil"))
    argv = ["secilc", "-c", str(VERSION), "-o", f"/out/{BINARY}", "-f", f"/out/{CONTEXTS}"]
    mounts = [Mount(sources, "/in"), Mount(folder, "/out", writable=True)]
    try:
        tools.run([*argv, *(f"/in/{name}" for name in names)], mounts=mounts)
    except ProgramError as error:
        raise PolicyError(f"cannot compile the policy: {error.stderr.strip()}") from error


def entries(folder: Path) -> list[Entry]:
    """What of a compiled policy belongs into the root."""
    return [
        Entry(place, "file", 0o644, "package:selinux", content=folder / name)
        for name, place in PLACES.items()
    ]
