"""Repositories for `repo tuf-client`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.tuf_repository import TufRepository
from fakes.tuf_world import begun

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.tuf_world import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return begun(tmp_path, monkeypatch, TufRepository())


@pytest.fixture(params=[False, True], ids=["versions", "hashes"])
def either(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    """Metadata that names versions alone, and metadata that names hashes too."""
    return begun(tmp_path, monkeypatch, TufRepository(with_hashes=request.param))
