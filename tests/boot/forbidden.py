"""The program that tries what is forbidden: compiled for a node from `forbidden.c`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from skyrocket.build import lock as locks
from skyrocket.build import tools
from skyrocket.cli.checkout import LOCK
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Mount, Sandbox


def compiled() -> bytes:
    """A static program; it ends with the number of the error that it met, or with 0."""
    with tempfile.TemporaryDirectory() as work:
        sandbox = Sandbox(tools.tree(locks.read(LOCK), Silent()))
        mounts = (
            Mount(Path(__file__).with_name("forbidden.c"), "/forbidden.c"),
            Mount(Path(work), "/made", writable=True),
        )
        argv = ["cc", "-O2", "-Wall", "-static", "-o", "/made/forbidden", "/forbidden.c"]
        sandbox.run(argv, mounts=mounts)
        return Path(work, "forbidden").read_bytes()
