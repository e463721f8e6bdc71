"""The SELinux policy: CIL sources to the binary form that the kernel loads, and file contexts.

Compiling proves too: the compiler refuses sources whose rules break one of their `neverallow`s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.image import labels
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


def entries(folder: Path | None) -> list[Entry]:
    """What of the policy in FOLDER belongs into the root; nothing of none."""
    if folder is None:
        return []
    return [
        Entry(place, "file", 0o644, "package:selinux", content=folder / name)
        for name, place in PLACES.items()
    ]


def labelled(found: list[Entry], folder: Path | None) -> tuple[list[Entry], str]:
    """The root's entries and its top folder, labelled by the policy in FOLDER, if there is one."""
    if folder is None:
        return found, ""
    rules = labels.parse((folder / CONTEXTS).read_text(encoding="utf-8"))
    return labels.labelled(found, rules), labels.label_of(rules, "/", "folder")
