"""Signed metadata in a folder, as python-tuf's repository library wants it: read and write roles.

    DIR/root.json            the root to trust, for images and clients
    DIR/metadata/            N.root.json, N.targets.json, N.snapshot.json, timestamp.json
    DIR/targets/HASH.NAME    what the metadata vouches for

Deliberately unknown here: what the targets are (`repository`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer
from tuf.repository import Repository

from skyrocket.publish import signers
from skyrocket.publish.errors import LayoutError, SignerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from securesystemslib.signer import Key, Signer

LIFETIMES = {
    Root.type: timedelta(days=365),
    Targets.type: timedelta(days=14),
    Snapshot.type: timedelta(days=14),
    Timestamp.type: timedelta(days=7),
}
"""How long a signature of each role counts; who publishes signs anew before that."""

_NEW: dict[str, Callable[[], Root | Targets | Snapshot | Timestamp]] = {
    Root.type: Root, Targets.type: Targets, Snapshot.type: Snapshot, Timestamp.type: Timestamp,
}  # fmt: skip
_SERIALIZER = JSONSerializer(compact=False)


class Store(Repository):
    """The repository in FOLDER at the moment NOW, signed with what the folder KEYS can sign."""

    def __init__(self, folder: Path, keys: Path, now: datetime) -> None:
        self.folder, self.keys = folder, keys
        self.now = now.replace(microsecond=0)

    @property
    def metadata(self) -> Path:
        return self.folder / "metadata"

    @property
    def targets_folder(self) -> Path:
        return self.folder / "targets"

    @property
    def targets_infos(self) -> dict[str, MetaFile]:
        return {"targets.json": self._info(Targets.type)}

    @property
    def snapshot_info(self) -> MetaFile:
        return self._info(Snapshot.type)

    def latest(self, role: str) -> Path | None:
        """The file of ROLE's newest version."""
        if role == Timestamp.type:
            path = self.metadata / "timestamp.json"
            return path if path.is_file() else None
        numbers = [
            int(path.name.partition(".")[0])
            for path in self.metadata.glob(f"*.{role}.json")
            if path.name.partition(".")[0].isdecimal()
        ]
        return self.metadata / f"{max(numbers)}.{role}.json" if numbers else None

    def open(self, role: str) -> Metadata[Any]:
        path = self.latest(role)
        if path is None:
            return Metadata(_NEW[role]())
        try:
            return Metadata[Any].from_file(str(path))
        except Exception as error:  # the library has one for each way to be broken
            raise LayoutError(f"cannot read {path}: {error}") from error

    def close(self, role: str, md: Metadata[Any]) -> None:
        """Write ROLE as its next version, signed by everybody who is here."""
        known = self.latest(role) is not None
        md.signed.version = md.signed.version + 1 if known else 1
        md.signed.expires = self.now + LIFETIMES[role]
        root = md.signed if isinstance(md.signed, Root) else self.root()
        found = list(self._signers(root, role))
        if isinstance(md.signed, Root) and known:
            found += self._signers(self.root(), role)  # the root before vouches for the next one
        md.signatures.clear()
        for signer in found:
            md.sign(signer, append=True)
        self._vouched(root, role, md)
        self.write(role, md)

    def resign(self, role: str) -> bool:
        """Add signatures to ROLE's newest version as it is -> whether any was missing."""
        md = self.open(role)
        before = set(md.signatures)
        for signer in self._signers(self.root(), role):
            if signer.public_key.keyid not in before:
                md.sign(signer, append=True)
        if set(md.signatures) == before:
            return False
        self.write(role, md)
        return True

    def write(self, role: str, md: Metadata[Any]) -> None:
        name = f"{role}.json" if role == Timestamp.type else f"{md.signed.version}.{role}.json"
        data = md.to_bytes(_SERIALIZER)
        _replace(self.metadata / name, data)
        if role == Root.type:
            _replace(self.folder / "root.json", data)

    def lacks(self, role: str) -> str:
        """What ROLE's newest version lacks to be believed, "" for nothing."""
        md = self.open(role)
        try:
            self.root().verify_delegate(role, md.signed_bytes, md.signatures)
        except UnsignedMetadataError as error:
            return str(error)
        return ""

    def _signers(self, root: Root, role: str) -> Iterable[Signer]:
        keys: list[Key] = [root.keys[keyid] for keyid in root.roles[role].keyids]
        return signers.present(self.keys, keys)

    def _vouched(self, root: Root, role: str, md: Metadata[Any]) -> None:
        """Refuse what nobody would believe; only a root may wait for others' signatures."""
        if role == Root.type or not root.roles[role].keyids:
            return
        have = len(set(md.signatures) & set(root.roles[role].keyids))
        wanted = root.roles[role].threshold
        if have < wanted:
            raise SignerError(
                f"cannot sign {role}: {have} of {wanted} keys are here",
                f"the keys of this repository belong into {self.keys}, or say --keys",
            )

    def _info(self, role: str) -> MetaFile:
        path = self.latest(role)
        if path is None:
            raise LayoutError(f"cannot use {self.folder}: it has no {role} metadata")
        data = path.read_bytes()
        return MetaFile(int(path.name.partition(".")[0]), len(data), {"sha256": sha256(data)})


def sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    """Readers see the old file or the new one: a repository may be served while it changes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    temporary.replace(path)
