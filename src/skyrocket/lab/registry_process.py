"""The registry that serves the container images to one node: started with it, ended with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.lab import process
from skyrocket.lab.errors import LabError

if TYPE_CHECKING:
    from skyrocket.lab.nodes import Home
    from skyrocket.models.node import Process

PATIENCE = 10.0


def start(place: Home, images: Path, port: int, *, tokens: bool = False) -> Process:
    """Serve the OCI layouts below IMAGES on loopback PORT; returns once it listens."""
    ready = place.folder / "registry.ready"
    ready.unlink(missing_ok=True)
    argv = [
        sys.executable, "-m", "skyrocket.lab.registry",
        "--root", str(images), "--port", str(port), "--ready-file", str(ready),
        *(["--token"] if tokens else []),
    ]  # fmt: skip
    child = process.start(argv, place.registry_log, environment())
    process.wait_for(lambda: ready.exists() or not process.alive(child), PATIENCE)
    if not ready.exists():
        process.end(child)
        raise LabError(
            f"cannot serve container images on port {port}: {_last_words(place.registry_log)}",
            f"the registry's log: {place.registry_log}",
        )
    return child


def environment() -> dict[str, str]:
    """A child Python finds what this one has found, in the same places."""
    paths = [path for path in sys.path if path and Path(path).is_dir()]
    extra = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
    if sys.pycache_prefix:
        extra["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    return {**os.environ, **extra}


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
