"""Signed metadata in a folder, as python-tuf's repository library wants it: read and write roles.

    DIR/root.json            the root to trust, for images and clients
    DIR/metadata/            N.root.json, N.targets.json, N.snapshot.json, timestamp.json
    DIR/targets/HASH.NAME    what the metadata vouches for
    DIR/pending/N.root.json  a root that lacks signatures; nobody is shown it

Deliberately unknown here: what the targets are (`repository`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer
from tuf.repository import Repository

from skyrocket.models.update import SIGNED_AT
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
        return _read(path)

    def close(self, role: str, md: Metadata[Any]) -> None:
        """Write ROLE as its next version, signed by everybody who is here."""
        known = self.latest(role) is not None
        md.signed.version = md.signed.version + 1 if known else 1
        md.signed.expires = self.now + LIFETIMES[role]
        if role == Timestamp.type:
            md.signed.unrecognized_fields[SIGNED_AT] = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        md.signatures.clear()
        self._sign(role, md)
        if role == Root.type:
            self.show_or_keep(md)
        else:
            self._vouched(role, md)
            self.write(role, md)

    def waiting(self) -> Path | None:
        """The root that lacks signatures, if there is one."""
        return next((self.folder / "pending").glob("*.root.json"), None)

    def one_root_at_a_time(self) -> None:
        """Refuse another change of the root while one waits."""
        if (waiting := self.waiting()) is not None:
            raise LayoutError(
                f"cannot change the root: {waiting} waits for signatures",
                "./skyrocket repo sign where its keys are, or remove that file",
            )

    def sign_waiting(self) -> str:
        """Sign the root that waits with the keys that are here -> what it still lacks."""
        path = self.waiting()
        if path is None:
            return ""
        md = _read(path)
        self._sign(Root.type, md)
        return self.show_or_keep(md)

    def show_or_keep(self, md: Metadata[Any]) -> str:
        """Publish a root that clients can follow; another one waits -> what it lacks.

        A client stops at a root without its signatures, and at roles that keys of the root before
        have signed: either would stop a fleet.
        """
        waiting = self.folder / "pending" / f"{md.signed.version}.root.json"
        lack = self._lack(Root.type, md) or self._not_followed(md.signed)
        if lack:
            _replace(waiting, md.to_bytes(_SERIALIZER))
            return lack
        self.write(Root.type, md)
        waiting.unlink(missing_ok=True)
        return ""

    def write(self, role: str, md: Metadata[Any]) -> None:
        name = f"{role}.json" if role == Timestamp.type else f"{md.signed.version}.{role}.json"
        data = md.to_bytes(_SERIALIZER)
        _replace(self.metadata / name, data)
        if role == Root.type:
            _replace(self.folder / "root.json", data)

    def put(self, target: TargetFile, data: bytes) -> None:
        """Write what TARGET vouches for, unless it is there."""
        path = self.path_of(target)
        if not path.exists():
            _replace(path, data)

    def path_of(self, target: TargetFile) -> Path:
        """Where a target lies; consistent snapshots put its hash into its name."""
        return self.targets_folder / f"{target.hashes['sha256']}.{target.path}"

    def lacks(self, role: str) -> str:
        """What ROLE's newest version lacks to be believed, "" for nothing."""
        return self._lack(role, self.open(role))

    def _vouchers(self, md: Metadata[Any]) -> list[Root]:
        """The roots whose keys must sign MD: for a root, itself and the one before."""
        if not isinstance(md.signed, Root):
            return [self.root()]
        before = self.metadata / f"{md.signed.version - 1}.root.json"
        return [md.signed, *([_read(before).signed] if before.is_file() else [])]

    def _sign(self, role: str, md: Metadata[Any]) -> None:
        for root in self._vouchers(md):
            for signer in self._signers(root, role):
                if signer.public_key.keyid not in md.signatures:
                    md.sign(signer, append=True)

    def _lack(self, role: str, md: Metadata[Any]) -> str:
        try:
            for root in self._vouchers(md):
                root.verify_delegate(role, md.signed_bytes, md.signatures)
        except UnsignedMetadataError as error:
            return str(error)
        return ""

    def _not_followed(self, root: Root) -> str:
        """The role, if any, that ROOT gives to keys with which nobody here can sign it at once."""
        before = self.root().roles if self.latest(Root.type) else {}
        for name, role in root.roles.items():
            changed = name not in before or before[name].keyids != role.keyids
            if name != Root.type and changed:
                here = list(self._signers(root, name))
                if len(here) < role.threshold:
                    return f"the new keys of {name} are elsewhere; sign there to publish it"
        return ""

    def _signers(self, root: Root, role: str) -> Iterable[Signer]:
        keys: list[Key] = [root.keys[keyid] for keyid in root.roles[role].keyids]
        return signers.present(self.keys, keys)

    def _vouched(self, role: str, md: Metadata[Any]) -> None:
        """Refuse what nobody would believe."""
        root = self.root()
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
        version = int(path.name.partition(".")[0])
        return MetaFile.from_data(version, path.read_bytes(), ["sha256"])


def _read(path: Path) -> Metadata[Any]:
    try:
        return Metadata[Any].from_file(str(path))
    except Exception as error:  # the library has one for each way to be broken
        raise LayoutError(f"cannot read {path}: {error}") from error


def _replace(path: Path, data: bytes) -> None:
    """Readers see the old file or the new one: a repository may be served while it changes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    temporary.replace(path)
