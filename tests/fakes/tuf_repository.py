"""A TUF repository in memory that signs whatever it is told to, and a client's door to it.

Roles are python-tuf's objects, to be changed at will; `store` signs one as it is, `bump` as its
next version. What clients ask for is written down.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from fakes.web import body
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

if TYPE_CHECKING:
    from skyrocket.host.system.web import Response

TOP = ("root", "targets", "snapshot", "timestamp")
URL = "http://tuf.test"


class TufRepository:
    """WITH_HASHES: metadata names the hashes of other metadata, not only versions."""

    def __init__(self, *, with_hashes: bool = False) -> None:
        self.with_hashes = with_hashes
        self.asked: list[tuple[str, int | None]] = []
        self.files: dict[str, bytes] = {}
        self.artifacts: dict[str, bytes] = {}
        later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        self.roles: dict[str, Any] = {
            "root": Root(consistent_snapshot=True, expires=later),
            "targets": Targets(expires=later),
            "snapshot": Snapshot(expires=later),
            "timestamp": Timestamp(expires=later),
        }
        self.signers: dict[str, list[CryptoSigner]] = {role: [] for role in TOP}
        for role in TOP:
            self.add_key(role)
        for role in TOP:
            self.store(role)

    def add_key(self, role: str, delegator: str = "root") -> CryptoSigner:
        """A new key for ROLE, which signs from now on."""
        signer = CryptoSigner.generate_ed25519()
        self.roles[delegator].add_key(signer.public_key, role)
        self.signers.setdefault(role, []).append(signer)
        return signer

    def rotate(self, role: str) -> None:
        """Another key in the place of ROLE's; the root must be stored."""
        for keyid in list(self.roles["root"].roles[role].keyids):
            self.roles["root"].revoke_key(keyid, role)
        self.signers[role] = []
        self.add_key(role)

    def bump(self, *names: str) -> None:
        for name in names:
            self.roles[name].version += 1
            self.store(name)

    def store(self, name: str, *, link: bool = True) -> None:
        """Sign NAME as it is and serve it; with LINK it names what is newest below it."""
        role = self.roles[name]
        if link and name == "snapshot":
            below = [each for each in self.roles if each == "targets" or each not in TOP]
            role.meta = {f"{each}.json": self._info(each) for each in below}
        if link and name == "timestamp":
            role.snapshot_meta = self._info("snapshot")
        signed = Metadata(role)
        for signer in self.signers[name]:
            signed.sign(signer, append=True)
        path = f"{name}.json" if name == "timestamp" else f"{role.version}.{name}.json"
        self.files[path] = signed.to_bytes()

    def _info(self, name: str) -> MetaFile:
        version = self.roles[name].version
        data = self.files[f"{version}.{name}.json"]
        if not self.with_hashes:
            return MetaFile(version)
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def delegate(self, delegator: str, name: str, paths: list[str], **words: Any) -> Targets:
        """Let DELEGATOR give PATHS to role NAME, with a key of NAME's."""
        above = self.roles[delegator]
        if above.delegations is None:
            above.delegations = Delegations({}, {})
        role = DelegatedRole(name, [], 1, words.get("terminating", False), paths)
        above.delegations.roles[name] = role
        found = self.roles.setdefault(name, Targets(expires=self.roles["targets"].expires))
        if name in self.signers:
            above.add_key(self.signers[name][0].public_key, name)
        else:
            self.add_key(name, delegator)
        return found  # type: ignore[no-any-return]

    def add(self, role: str, path: str, data: bytes) -> None:
        """Let ROLE vouch for an artifact, and serve it."""
        self.roles[role].targets[path] = TargetFile.from_data(path, data, ["sha256"])
        self.artifacts[path] = data

    def publish(self) -> None:
        """Everything but the root anew, delegated roles first."""
        names = [name for name in self.roles if name not in TOP]
        for name in names:
            self.store(name)
        self.bump("targets", "snapshot", "timestamp")


class Door:
    """In the place of `host.system.web.Client`."""

    def __init__(self, repository: TufRepository) -> None:
        self.repository, self.received = repository, 0

    def get(self, url: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        del headers
        place, _, name = urlsplit(url).path.lstrip("/").partition("/")
        if place == "targets":
            folder, _, name = unquote(name).rpartition("/")
            path = f"{folder}/{name.partition('.')[2]}".lstrip("/")
            data = self.repository.artifacts.get(path)
        else:
            stem = unquote(name.removesuffix(".json"))
            version, _, role = ("", "", stem) if stem == "timestamp" else stem.partition(".")
            self.repository.asked.append((role, int(version) if version else None))
            data = self.repository.files.get(unquote(name))
        return body(b"", 404) if data is None else body(data)

    def close(self) -> None:
        """Nothing is open."""
