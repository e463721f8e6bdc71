"""Certificates of authorities for a machine that has none: a bare Python comes without.

Indexes of wheels speak https. The lock names Debian's `ca-certificates` by its hash, and mirrors
serve that over plain http, so whom we believe is what the lock says. Checks are never turned off.
Standard library only; deliberately unknown here: what is fetched from the index after.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import ssl
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyrocket.fetch import ar, download, places, sources
from skyrocket.fetch.bundle import Slice
from skyrocket.fetch.errors import ConfigError, FetchError
from skyrocket.fetch.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.fetch.pip_config import PipConfig
    from skyrocket.fetch.sources import Source
    from skyrocket.models.progress import Reporter

LOCK = Path(__file__).parents[3] / "packages.lock"
PACKAGE = "ca-certificates"
FOLDER = "usr/share/ca-certificates/"
WAY_OUT = "install ca-certificates, or name a bundle in SSL_CERT_FILE"


def trusted(config: PipConfig, progress: Reporter | None = None) -> PipConfig:
    """CONFIG with certificates, where this machine has none and an index needs them."""
    addresses = (*config.indexes, *config.find_links)
    if config.cert or not missing() or not any(one.startswith("https:") for one in addresses):
        return config
    return config._replace(cert=str(fetch(sources.ordered(snapshot()), progress)))


def missing(paths: ssl.DefaultVerifyPaths | None = None) -> bool:
    """Whether this machine has no certificates of authorities where OpenSSL looks for them."""
    paths = paths or ssl.get_default_verify_paths()
    # In the folder OpenSSL asks for names that are hashes: 5ed36f99.0
    return paths.cafile is None and not (paths.capath and any(Path(paths.capath).glob("*.0")))


def fetch(order: Sequence[Source], progress: Reporter | None = None, lock: Path = LOCK) -> Path:
    """The locked package's certificates as one PEM file in the cache; raises FetchError."""
    package = locked(lock)
    target = places.folder("authorities") / f"{package['sha256'][:24]}.pem"
    if target.exists():
        return target
    archive = "debian-security" if package["path"].startswith("pool/updates/") else "debian"
    found = (one.place(archive, package["path"], package["sha256"]) for one in order)
    wanted = Wanted(
        f"{PACKAGE} {package['version']}", package["sha256"], package["size"],
        tuple(place for place in found if place is not None), WAY_OUT,
    )  # fmt: skip
    try:
        [file] = download.fetch([wanted], places.folder("files"), progress)
    except FetchError as error:
        raise FetchError(
            f"cannot trust an index of wheels: this machine has no certificates of authorities; "
            f"{error}",
            WAY_OUT,
        ) from error
    _replace(target, certificates(file))
    return target


def snapshot(lock: Path = LOCK) -> str:
    return str(_read(lock).get("snapshot", ""))


def locked(lock: Path = LOCK) -> dict[str, Any]:
    """The lock's record of the package; it is the same for every architecture."""
    for packages in _read(lock)["packages"].values():
        for package in packages:
            if package["name"] == PACKAGE:
                return dict(package)
    raise ConfigError(f"cannot find {PACKAGE} in {lock.name}", f"git checkout {lock.name}")


def _read(lock: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(lock.read_bytes()))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {lock}: {error}", f"git checkout {lock.name}") from error


def certificates(deb: Path) -> bytes:
    """All certificates of package file DEB, in PEM; raises FetchError."""
    try:
        span = dict(ar.members(deb))["data.tar.xz"]
        with (
            lzma.open(io.BufferedReader(Slice(deb, span)), "rb") as data,
            tarfile.open(fileobj=data, mode="r|") as tar,
        ):
            found = [
                reader.read()
                for entry in tar
                if entry.isreg() and entry.name.removeprefix("./").startswith(FOLDER)
                if (reader := tar.extractfile(entry)) is not None
            ]
    except (ar.NotAnArchiveError, KeyError, lzma.LZMAError, tarfile.TarError, EOFError) as error:
        raise FetchError(f"cannot read {PACKAGE}: {error}", WAY_OUT) from error
    return b"".join(text.rstrip() + b"\n" for text in found)


def _replace(target: Path, content: bytes) -> None:
    handle, work = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(work).rename(target)
