"""The source code of what is shipped: every .dsc and the files it names, with their hashes.

Free software licences ask that whoever gets the image can get its sources; this finds them for
exactly the locked versions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from skyrocket.build.lock.errors import LockError, ResolveError
from skyrocket.fetch.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skyrocket.build.lock.resolve import Apt
    from skyrocket.fetch.sources import Source
    from skyrocket.models.lock import Package

_LINE = re.compile(r"^'([^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$", re.MULTILINE)


class SourceFile(NamedTuple):
    """One file of a source package; PATH as in `models.lock.Package`."""

    source: str
    version: str
    filename: str
    path: str
    sha256: str
    size: int


def needed(packages: Iterable[Package]) -> list[tuple[str, str]]:
    """The source packages, with versions, that PACKAGES were built from."""
    return sorted({(package.source, package.source_version) for package in packages})


def find(apt: Apt, source: str, version: str) -> list[SourceFile]:
    """The files of one source package; APT has read the lists of sources."""
    try:
        text = apt.source_uris(source, version)
    except ResolveError as error:
        raise LockError(
            f"cannot find the source of {source} {version}: {error}",
            "the archive has a newer one: ./skyrocket lock --update",
        ) from error
    files = parse(source, version, text)
    if not any(file.filename.endswith(".dsc") for file in files):
        raise LockError(f"cannot find the source of {source} {version}: apt names no .dsc file")
    return files


def parse(source: str, version: str, text: str) -> list[SourceFile]:
    """What apt prints for `source --print-uris`."""
    return [
        SourceFile(source, version, unquote(name), _pool_path(uri), sha256, int(size))
        for uri, name, size, sha256 in _LINE.findall(text)
    ]


def _pool_path(uri: str) -> str:
    path = unquote(urlsplit(uri).path)
    at = path.find("/pool/")
    if at < 0:
        raise LockError(f"cannot read apt's answer: {uri} is not in a pool")
    return path[at + 1 :]


def wanted(file: SourceFile, order: Sequence[Source]) -> Wanted:
    archive = "debian-security" if file.path.startswith("pool/updates/") else "debian"
    found = (one.place(archive, file.path, file.sha256) for one in order)
    return Wanted(
        name=f"{file.filename} (source of {file.source} {file.version})",
        sha256=file.sha256,
        size=file.size,
        places=tuple(place for place in found if place is not None),
        mend="the archive has a newer one: ./skyrocket lock --update",
    )
