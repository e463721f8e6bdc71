"""The straight line from an image's definition to its layout folder."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from skyrocket.build.oci import layout, libraries, source, tree
from skyrocket.build.oci.definition import load
from skyrocket.build.oci.errors import OciError
from skyrocket.build.oci.tree import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skyrocket.build.lock.deb import Unpacked
    from skyrocket.build.oci.model import Image


def build(
    folder: Path,
    packages: Mapping[str, Unpacked],
    target: Path,
    *,
    version: str,
    architecture: str = "amd64",
) -> str:
    """Make the OCI layout TARGET of the image defined in FOLDER; gives its manifest's digest.

    PACKAGES are unpacked Debian packages by name, those of the definition at least. Raises
    DefinitionError, OciError.
    """
    image = load(folder)
    below = debian_layer(folder.name, image, packages)
    above = own_layer(folder, image)
    whole = tree.with_parents([*below, *above])
    ours = {entry.path for entry in above}
    layers = [
        tree.with_parents(entry for entry in whole if entry.path not in ours),
        tree.with_parents(entry for entry in whole if entry.path in ours),
    ]
    return layout.write(
        target, image, layers, name=folder.name, version=version, architecture=architecture
    )


def debian_layer(name: str, image: Image, packages: Mapping[str, Unpacked]) -> list[Entry]:
    """What the definition's patterns take out of its packages."""
    absent = [package for package in image.debian if package not in packages]
    if absent:
        raise OciError(
            f"cannot build image {name}: not in the lock: {', '.join(absent)}",
            "./skyrocket lock --update",
        )
    files = [entry for word in image.debian for entry in source.package(packages[word])]
    taken = tree.take(files, image.include, image.exclude)
    if taken.idle:
        raise OciError(
            f"cannot build image {name}: no package of it has {', '.join(taken.idle)}",
            "correct the pattern in include, or name the package that has the file in debian",
        )
    merged = (entry._replace(path=tree.usr_merged(entry.path)) for entry in files)
    return [*taken.entries, *libraries.close(taken.entries, merged)]


def own_layer(folder: Path, image: Image) -> list[Entry]:
    """Our files, links and folders, and the links that make /bin and the like part of /usr."""
    merged = [Entry(path, "link", 0o777, target=to) for path, to in tree.MERGED_USR.items()]
    links = [Entry(path, "link", 0o777, target=to) for path, to in image.links.items()]
    links += [
        Entry(f"{applets.folder}/{name}", "link", 0o777, target=_way(applets.folder, applets.of))
        for applets in image.applets
        for name in applets.names
    ]
    folders = [Entry(path, "folder", int(mode, 8)) for path, mode in image.folders.items()]
    return [*merged, *folders, *links, *tree.own(source.folder(folder / "files"), image.modes)]


def _way(folder: str, program: str) -> str:
    """A relative link: it must also lead to PROGRAM where the image is not the root."""
    return posixpath.relpath(program, folder)
