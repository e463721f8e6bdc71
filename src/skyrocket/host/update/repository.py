"""A TUF repository as a node sees it: metadata that is believed, and targets by their signed hash.

The workflow is python-tuf's `ngclient`; the root comes from the image, time is that of the start.
Deliberately unknown here: what targets mean, and which of them a node wants.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    RepositoryError,
)
from tuf.ngclient import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from skyrocket.host.system.web import Client, HttpError
from skyrocket.host.update import keys
from skyrocket.host.update.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuf.api.metadata import TargetFile

LIMITS = UpdaterConfig(
    max_root_rotations=256,
    root_max_length=512_000,
    timestamp_max_length=16_384,
    snapshot_max_length=2_000_000,
    targets_max_length=5_000_000,
)
LARGEST_READ = 16 << 20
"""Bytes of a target that is read into memory: a manifest, a hash tree."""


class Fetcher(FetcherInterface):
    """Metadata over our own door, in memory: no temporary files."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            response = self._client.get(url)
        except HttpError as error:
            raise DownloadError(str(error)) from error
        if response.status != 200:
            self._client.close()
            raise DownloadHTTPError(
                f"cannot fetch {url}: status {response.status}", response.status
            )
        return response.chunks

    def download_bytes(self, url: str, max_length: int) -> bytes:
        got = bytearray()
        chunks = self.fetch(url)
        try:
            for chunk in chunks:
                got += chunk
                if len(got) > max_length:
                    raise DownloadLengthMismatchError(
                        f"cannot fetch {url}: it is longer than {max_length} bytes"
                    )
        except HttpError as error:
            raise DownloadError(str(error)) from error
        finally:
            if len(got) > max_length:
                self._client.close()
        return bytes(got)


class Repository:
    """Metadata kept in FOLDER, which begins with the trusted ROOT."""

    def __init__(
        self, folder: str, metadata_url: str, targets_url: str, root: bytes | None, client: Client
    ) -> None:
        keys.install()
        os.makedirs(folder, 0o700, exist_ok=True)  # pathlib is dear at a start
        self._client = client
        self._targets_url = targets_url if targets_url.endswith("/") else f"{targets_url}/"
        try:
            self._updater = Updater(
                folder, metadata_url, fetcher=Fetcher(client), config=LIMITS, bootstrap=root
            )
        except (RepositoryError, ValueError) as error:
            raise SourceError(f"cannot use the trusted root: {error}") from error

    def refresh(self) -> None:
        """Take the newest metadata; SourceError when there is none that is believed."""
        try:
            self._updater.refresh()
        except ExpiredMetadataError as error:
            raise SourceError(self._expired(error)) from error
        except (RepositoryError, DownloadError, ValueError) as error:
            raise SourceError(f"cannot believe the repository: {error}") from error

    def target(self, name: str) -> TargetFile:
        """What is signed about target NAME."""
        try:
            found = self._updater.get_targetinfo(name)
        except (RepositoryError, DownloadError, ValueError) as error:
            raise SourceError(f"cannot find target {name}: {error}") from error
        if found is None:
            raise SourceError(f"cannot find target {name}: the repository vouches for none")
        return found

    def url(self, target: TargetFile) -> str:
        """Where the bytes of TARGET are."""
        folder, slash, name = target.path.rpartition("/")
        if self._updater._trusted_set.root.consistent_snapshot:  # noqa: SLF001  no other way
            name = f"{next(iter(target.hashes.values()))}.{name}"
        return f"{self._targets_url}{folder}{slash}{name}"

    def read(self, target: TargetFile) -> bytes:
        """All bytes of a small TARGET, checked."""
        if target.length > LARGEST_READ:
            raise SourceError(f"cannot read {target.path}: {target.length} bytes are too many")
        url = self.url(target)
        try:
            data = Fetcher(self._client).download_bytes(url, target.length)
            target.verify_length_and_hashes(data)
        except (RepositoryError, DownloadError, ValueError) as error:
            raise SourceError(f"cannot believe {target.path}: {error}") from error
        return data

    def _expired(self, error: Exception) -> str:
        """Both clocks: whoever reads this must see which one is wrong."""
        trusted = self._updater._trusted_set  # noqa: SLF001  no other way to the pinned time
        known = trusted._trusted_set  # noqa: SLF001  (the mapping around it iterates its values)
        ends = {n: known[n].expires for n in ("root", "timestamp", "snapshot") if n in known}
        said = ", ".join(f"{name} ends {end:%Y-%m-%dT%H:%M:%SZ}" for name, end in ends.items())
        now = f"{trusted.reference_time:%Y-%m-%dT%H:%M:%SZ}"
        return f"cannot believe the repository: {error} (this node's clock: {now}; {said})"
