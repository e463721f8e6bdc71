"""A published repository, and the folder of a node that looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from publish.conftest import NOW, image

from skyrocket.publish import repository as publisher
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "repo", tmp_path / "keys", NOW)
    publisher.init(made)
    publisher.add(made, image(tmp_path / "image", "1.1.0"))
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "node"
