"""Find manifests and blobs in a folder of OCI image layouts. Knows nothing of HTTP.

A layout folder `<name>-<architecture>` is a part of the repository `<name>`; where several
architectures carry one tag, the tag names an index made of them, as a pushed image would have.
Folders are read anew for each question: a build may replace one while the registry runs.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "application/vnd.oci.image.index.v1+json"
REFERENCE = "org.opencontainers.image.ref.name"
ARCHITECTURES = ("amd64", "arm64")
DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")


class Manifest(NamedTuple):
    """A manifest or index as it is served."""

    media_type: str
    digest: str
    data: bytes


class Layouts:
    """The layouts below ROOT, as repositories."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def repositories(self) -> list[str]:
        """Names that can be pulled."""
        names = {_split(path.parent.name) for path in self.root.glob("*/index.json")}
        return sorted(name for name in names if not name.startswith("."))

    def tags(self, repository: str) -> list[str] | None:
        """Tags of REPOSITORY; None when there is no such repository."""
        folders = self._folders(repository)
        if not folders:
            return None
        found = {_tag(item) for folder in folders for item in _manifests(folder)}
        return sorted(found - {""})

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """The manifest that REFERENCE (tag or digest) names in REPOSITORY."""
        if DIGEST.match(reference):
            return self._by_digest(repository, reference)
        found = [
            (folder, item)
            for folder in self._folders(repository)
            for item in _manifests(folder)
            if _tag(item) == reference
        ]
        match found:
            case []:
                return None
            case [(folder, item)]:
                return _read(folder, item)
        return _index([item for _, item in found])

    def blob(self, repository: str, digest: str) -> Path | None:
        """The file that holds blob DIGEST of REPOSITORY."""
        if not DIGEST.match(digest):
            return None
        for folder in self._folders(repository):
            path = folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
            if path.is_file():
                return path
        return None

    def _by_digest(self, repository: str, digest: str) -> Manifest | None:
        for folder in self._folders(repository):
            for item in _manifests(folder):
                if item["digest"] == digest:
                    return _read(folder, item)
        for tag in self.tags(repository) or ():
            found = self.manifest(repository, tag)
            if found is not None and found.digest == digest:
                return found
        return None

    def _folders(self, repository: str) -> list[Path]:
        if "/" in repository or repository.startswith("."):
            return []
        names = [repository, *(f"{repository}-{word}" for word in ARCHITECTURES)]
        return [self.root / name for name in names if (self.root / name / "index.json").is_file()]


def _split(folder: str) -> str:
    for word in ARCHITECTURES:
        if folder.endswith(f"-{word}"):
            return folder.removesuffix(f"-{word}")
    return folder


def _manifests(folder: Path) -> list[dict[str, object]]:
    items: list[dict[str, object]] = json.loads((folder / "index.json").read_bytes())["manifests"]
    return items


def _tag(item: dict[str, object]) -> str:
    annotations = item.get("annotations")
    return str(annotations.get(REFERENCE, "")) if isinstance(annotations, dict) else ""


def _read(folder: Path, item: dict[str, object]) -> Manifest:
    digest = str(item["digest"])
    data = (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()
    return Manifest(str(item["mediaType"]), digest, data)


def _index(items: list[dict[str, object]]) -> Manifest:
    plain = [{key: value for key, value in item.items() if key != "annotations"} for item in items]
    value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": plain}
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return Manifest(INDEX, f"sha256:{hashlib.sha256(data).hexdigest()}", data)
