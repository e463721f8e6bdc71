"""Where the lab finds what the builder made: tools tree, images, nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.fetch import places
from skyrocket.lab.errors import NodeError
from skyrocket.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

QEMU = "usr/bin/qemu-system-x86_64"


def nodes() -> Path:
    return places.folder("nodes")


def latest_tools(cache: Path) -> Path | None:
    """The newest tools tree in the cache; the lock decides which one a build takes."""
    trees = [tree for tree in (cache / "tools").glob("*") if (tree / QEMU).exists()]
    return max(trees, key=lambda tree: tree.stat().st_mtime, default=None)


def tools() -> Path:
    """A tools tree that is there already: nodes that exist were made with one."""
    found = latest_tools(places.cache())
    if found is None:
        raise NodeError("cannot use nodes: there are no tools yet", "./skyrocket run makes them")
    return found


def any_kernel(cache: Path) -> tuple[Path, Path] | None:
    """A tools tree and an image folder with a kernel, for the accelerator's trial."""
    tree = latest_tools(cache)
    images = [kernel.parent for kernel in (cache / "images").glob("*/kernel")]
    return (tree, images[0]) if tree and images else None


def sandbox(tree: Path) -> Sandbox:
    return Sandbox(tree)
