"""The tools tree: a root file system with the build's own programs, from the same lock.

No program of the build machine's distribution takes part in a build; what is in the tree is
found by unpacking, no package is configured.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from skyrocket.build import lock as locks
from skyrocket.build import step
from skyrocket.build.image.selection import merged
from skyrocket.fetch import places

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.build.lock import Lock, Unpacked
    from skyrocket.models.progress import Reporter

ARCHITECTURE = "amd64"
"""Of the build machine: the only one we build on."""

_FRAME = ("bin", "sbin", "lib", "lib64")
_LINKS = {"usr/bin/cc": "gcc", "usr/bin/python3": "python3.13"}


def tree(lock: Lock, report: Reporter) -> Path:
    """The tools tree for LOCK, made now unless it is there."""
    packages = lock.select("tools", ARCHITECTURE)
    inputs = {"packages": [p.sha256 for p in packages], "links": _LINKS, "form": 2}
    cache = places.folder("tools")
    done = cache / step.identity("tools", inputs)
    if done.is_dir():
        return done
    files = locks.fetch(lock, "tools", ARCHITECTURE, report)
    report.step(f"unpack {len(files)} packages of tools")
    unpacked = locks.unpack_all(files, lambda done, total: report.advance(done, total, "packages"))
    report.step("put the tools tree together")
    return step.run(cache, "tools", inputs, lambda folder: _assemble(folder, unpacked))


def _assemble(folder: Path, packages: list[Unpacked]) -> None:
    """Hard links into the unpacked packages: the tree costs names, no bytes."""
    for name in _FRAME:
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")
    for name in ("etc", "var", "run", "root"):
        (folder / name).mkdir()
    for package in packages:
        for member in package.members:
            target = folder / merged(member.path)
            if member.type == "folder":
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if member.type == "symlink":
                target.symlink_to(member.link)
            else:
                os.link(package.tree / member.path, target)
    for name, link in _LINKS.items():
        path = folder / name
        if not path.exists():
            path.unlink(missing_ok=True)
            path.symlink_to(link)
