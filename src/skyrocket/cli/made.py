"""What `run` and `build` have made: composes the builder's rooms, one function a thing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build import lock as locks
from skyrocket.build import oci, step, tools
from skyrocket.build.image import build as image_build
from skyrocket.build.image import programs
from skyrocket.cli import turns
from skyrocket.cli.checkout import LOCK, ROOT
from skyrocket.fetch import places
from skyrocket.models.definition import DEBIAN_ARCHITECTURE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from skyrocket.build.lock import Lock, Package
    from skyrocket.models.manifest import Manifest
    from skyrocket.models.progress import Reporter
    from skyrocket.models.signing import Authority

VARIANT = "vm-dev"
ARCHITECTURE = "x86_64"
IMAGES = ROOT / "images"
OCI_CODE = ROOT / "src/skyrocket/build/oci"


class Made(NamedTuple):
    """Everything a node is started from."""

    image: Path
    facts: Manifest
    containers: Path  # OCI layouts
    tools: Path


def everything(variant: str, report: Reporter, keys: Path | None = None) -> Made:
    """Image, container images and tools for VARIANT, built now unless they are there."""
    with turns.mine(report):
        lock = locks.read(LOCK)
        fetch(lock, report, oci.names(IMAGES))
        built = image(variant, ARCHITECTURE, report, keys)
        made = containers(lock, built.facts.version, report)
        return Made(built.folder, built.facts, made, tools.tree(lock, report))


def fetch(lock: Lock, report: Reporter, containers: Sequence[str] = ()) -> None:
    """Everything that an image and CONTAINERS need, in one go: one rate, one time left."""
    architecture = DEBIAN_ARCHITECTURE[ARCHITECTURE]
    wanted = {*lock.select("tools", architecture), *lock.select("image", architecture)}
    for name in containers:
        wanted.update(_packages(lock, name, architecture))
    report.step(f"fetch {len(wanted)} packages")
    locks.fetch_packages(lock, tuple(sorted(wanted)), report)
    # Small, but from another source: better refused now than after minutes of work.
    programs.host_wheels(ROOT, ARCHITECTURE)


def image(
    variant: str,
    architecture: str,
    report: Reporter,
    keys: Path | None = None,
    edition: image_build.Edition = image_build.PLAIN,
) -> image_build.Built:
    """The image of VARIANT, signed if there is a folder of KEYS."""
    return image_build.build(ROOT, variant, architecture, report, authority(keys), edition)


def authority(keys: Path | None) -> Authority | None:
    """Whoever signs with the folder KEYS."""
    if keys is None:
        return None
    # A cryptography library, for those alone who sign.
    from skyrocket.build.signing import files

    return files.authority(keys)


def containers(lock: Lock, version: str, report: Reporter) -> Path:
    """Every container image of ours as `oci/<name>-<arch>`; links, the steps keep the bytes."""
    architecture = DEBIAN_ARCHITECTURE[ARCHITECTURE]
    shown = places.folder("oci")
    for name in oci.names(IMAGES):
        layout = _container(lock, name, version, architecture, report)
        target = shown / f"{name}-{architecture}"
        if not target.is_symlink() or target.readlink() != layout:
            fresh = target.with_name(f".{target.name}")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(layout)
            os.replace(fresh, target)  # noqa: PTH105  a rename over a link, not into it
    return shown


def _container(lock: Lock, name: str, version: str, architecture: str, report: Reporter) -> Path:
    wanted = _packages(lock, name, architecture)
    inputs = {
        "version": version,
        "architecture": architecture,
        "definition": step.digest_tree(IMAGES / name),
        "packages": [one.sha256 for one in wanted],
        "code": step.digest_tree(OCI_CODE, ("*.py",)),
    }

    def make(folder: Path) -> None:
        files = locks.fetch_packages(lock, wanted, report)
        unpacked = locks.unpack_all(files)
        report.step(f"make container image {name}")
        packages = {one.name: tree for one, tree in zip(wanted, unpacked, strict=True)}
        oci.build(
            IMAGES / name,
            packages,
            folder / "layout",
            version=version,
            architecture=architecture,
        )

    report.step(f"container image {name}")
    return step.run(places.folder("steps"), f"oci-{name}", inputs, make) / "layout"


def _packages(lock: Lock, name: str, architecture: str) -> tuple[Package, ...]:
    """The locked packages that container image NAME takes files from."""
    locked = {one.name: one for one in lock.select("containers", architecture)}
    return tuple(locked[word] for word in oci.load(IMAGES / name).debian if word in locked)
