"""Run development tools from our own environment, their caches outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.cli.checkout import ROOT
from skyrocket.fetch import places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Tool(NamedTuple):
    """A name for people, and what to run: a program of the environment, or a module of it."""

    name: str
    argv: tuple[str, ...]


def python(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-s", "-P", *words)


def environment(dependencies: Path) -> dict[str, str]:
    """What the child sees: our dependencies, our sources, its caches in our cache folder."""
    cache = places.folder("tests")
    own = {
        "PYTHONPATH": os.pathsep.join([str(dependencies), str(ROOT / "src")]),
        "PYTHONPYCACHEPREFIX": str(cache / "pycache"),
        "RUFF_CACHE_DIR": str(cache / "ruff"),
        "MYPY_CACHE_DIR": str(cache / "mypy"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(cache / "hypothesis"),
        "PATH": os.pathsep.join([str(dependencies / "bin"), os.environ.get("PATH", os.defpath)]),
    }
    return {**os.environ, **own}


def run(argv: Sequence[str], dependencies: Path) -> int:
    """Exit status of ARGV, run at the checkout's root with our terminal."""
    sys.stdout.flush()
    return subprocess.run(
        list(argv), cwd=ROOT, env=environment(dependencies), check=False
    ).returncode
