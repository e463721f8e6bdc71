"""Boots: one rack for the session, and one node that many tests look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from boot.machine import Machine, Rack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    rack = Rack(Path(tmp_path_factory.mktemp("nodes")))
    yield rack
    rack.close()


@pytest.fixture(scope="session")
def spare(rack: Rack) -> Machine:
    """A node whose tests leave it other than it was: its network, its kernel, its boots."""
    return rack.start(rack.order("spare", demo=False))


@pytest.fixture(scope="session")
def node(rack: Rack) -> Machine:
    """The node that most tests share; a test that changes it puts it back."""
    return rack.start(rack.order("shared"))
