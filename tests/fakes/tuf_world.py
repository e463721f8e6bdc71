"""A TUF repository, and `repo tuf-client` run on it in this process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from fakes import tuf_clock
from fakes.tuf_repository import TOP, URL, Door, TufRepository
from tuf.api.metadata import Metadata

from skyrocket.cli import tuf_client

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Client:
    """One client's folders; each call is one run, and gives its exit status."""

    def __init__(self, folder: Path, repository: TufRepository) -> None:
        self.repository = repository
        self.metadata, self.targets, self.root = (
            folder / "metadata", folder / "targets", folder / "initial.json",
        )  # fmt: skip
        self.root.write_bytes(repository.files["1.root.json"])

    def init(self) -> int:
        return self._run("init", str(self.root))

    def refresh(self) -> int:
        return self._run("--metadata-url", f"{URL}/metadata", "refresh")

    def download(self, path: str) -> int:
        return self._run(
            "--metadata-url", f"{URL}/metadata", "--target-name", path,
            "--target-base-url", f"{URL}/targets", "--target-dir", str(self.targets), "download",
        )  # fmt: skip

    def _run(self, *words: str) -> int:
        return tuf_client.main(["--metadata-dir", str(self.metadata), *words])

    def version(self, role: str) -> int:
        signed = Metadata[Any].from_file(str(self.metadata / f"{role}.json")).signed
        return int(signed.version)

    def kept(self) -> dict[str, int]:
        return {
            role: self.version(role) for role in TOP if (self.metadata / f"{role}.json").exists()
        }

    def got(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in self.targets.rglob("*") if path.is_file())


class World(NamedTuple):
    repository: TufRepository
    client: Client


def begun(folder: Path, monkeypatch: pytest.MonkeyPatch, repository: TufRepository) -> World:
    """A client in FOLDER that believes the repository's first root."""
    monkeypatch.setattr(tuf_client, "Client", lambda: Door(repository))
    client = Client(folder, repository)
    assert client.init() == 0
    return World(repository, client)


def at(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """The client's clock, DAYS from now."""
    tuf_clock.replace(monkeypatch, lambda: datetime.now(UTC) + timedelta(days=days))
