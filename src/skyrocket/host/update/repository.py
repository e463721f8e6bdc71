"""A TUF repository as a node sees it: metadata that is believed, and targets by their signed hash.

The workflow is python-tuf's `ngclient`; the root comes from the image. Time is that of the start,
and never before a floor that is known: a clock that was set back makes nothing old young again.
Deliberately unknown here: what targets mean, and which of them a node wants.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    RepositoryError,
)
from tuf.api.metadata import Timestamp
from tuf.ngclient import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from skyrocket.host.system import files
from skyrocket.host.system.web import Client, HttpError
from skyrocket.host.update import keys
from skyrocket.host.update.errors import SourceError
from skyrocket.host.update.patience import Patience
from skyrocket.models.update import SIGNED_AT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuf.api.metadata import TargetFile
    from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

LIMITS = UpdaterConfig(
    max_root_rotations=256,
    root_max_length=512_000,
    timestamp_max_length=16_384,
    snapshot_max_length=2_000_000,
    targets_max_length=5_000_000,
)
AHEAD = timedelta(days=1)
"""How far a signature may lie before this node's clock."""
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
        self,
        folder: str,
        metadata_url: str,
        targets_url: str,
        root: bytes | None,
        client: Client,
        floor: datetime | None = None,
    ) -> None:
        """FLOOR is a moment that has certainly passed, whatever the clock says."""
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
        self._clock = self._trusted.reference_time
        self._trusted.reference_time = max(self._clock, floor or self._clock)

    @property
    def time(self) -> datetime:
        """The time that everything is judged by."""
        return self._trusted.reference_time

    @property
    def signed_at(self) -> datetime | None:
        """When the newest timestamp was signed, by its own word; None: it does not say."""
        known = self._trusted._trusted_set  # noqa: SLF001  (the mapping around it iterates values)
        role = known.get(Timestamp.type)
        try:
            said = datetime.fromisoformat(role.unrecognized_fields[SIGNED_AT]) if role else None
        except (KeyError, TypeError, ValueError):
            return None
        return said if said is None or said.tzinfo else said.replace(tzinfo=UTC)

    def refresh(self) -> None:
        """Take the newest metadata; SourceError when there is none that is believed."""
        try:
            self._updater.refresh()
        except (RepositoryError, ValueError) as error:
            raise SourceError(
                f"cannot believe the repository: {error} ({self._clocks()})"
            ) from error
        except DownloadError as error:
            raise SourceError(f"cannot believe the repository: {error}") from error
        signed = self.signed_at
        if signed is not None and signed > self.time + AHEAD:
            raise SourceError(
                f"cannot believe the repository: it was signed in the future ({self._clocks()})"
            )

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
        if self._trusted.root.consistent_snapshot:
            name = f"{next(iter(target.hashes.values()))}.{name}"
        return f"{self._targets_url}{quote(f'{folder}{slash}{name}', safe='/+~')}"

    def read_kept(self, target: TargetFile, path: str) -> bytes:
        """Like `read`, but what is at PATH is not fetched again while it is what was signed."""
        kept = files.read(path)
        if kept is not None and len(kept) == target.length:
            try:
                target.verify_length_and_hashes(kept)
            except RepositoryError:
                pass
            else:
                return kept
        data = self.read(target)
        files.replace(path, data)
        return data

    def read(self, target: TargetFile) -> bytes:
        """All bytes of a small TARGET, checked."""
        if target.length > LARGEST_READ:
            raise SourceError(f"cannot read {target.path}: {target.length} bytes are too many")
        data = self._fetched(target)
        try:
            target.verify_length_and_hashes(data)
        except RepositoryError as error:
            raise SourceError(f"cannot believe {target.path}: {error}") from error
        return data

    def _fetched(self, target: TargetFile) -> bytes:
        """All bytes of TARGET; a line that dies is tried again, a refusal or too many are not."""
        url, patience = self.url(target), Patience()
        while True:
            try:
                return Fetcher(self._client).download_bytes(url, target.length)
            except (DownloadHTTPError, DownloadLengthMismatchError) as error:
                raise SourceError(f"cannot believe {target.path}: {error}") from error
            except DownloadError as error:
                patience.broke(error, brought=False)

    @property
    def _trusted(self) -> TrustedMetadataSet:
        return self._updater._trusted_set  # noqa: SLF001  no other way to the pinned time

    def _clocks(self) -> str:
        """Both clocks: whoever reads this must see which one is wrong."""
        known = self._trusted._trusted_set  # noqa: SLF001  (the mapping around it iterates values)
        said = [f"this node's clock: {_stamp(self._clock)}"]
        if self.time != self._clock:
            said[0] += f", behind {_stamp(self.time)}, which has passed for certain"
        if (signed := self.signed_at) is not None:
            said.append(f"timestamp was signed at {_stamp(signed)}")
        ends = {n: known[n].expires for n in ("root", "timestamp", "snapshot") if n in known}
        return "; ".join([*said, *(f"{name} ends {_stamp(end)}" for name, end in ends.items())])


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
