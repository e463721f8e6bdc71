"""Boots: one rack for the session, and one node that many tests look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from boot import quiet
from boot.machine import Machine, Rack

if TYPE_CHECKING:
    from collections.abc import Iterator

RACK = pytest.StashKey[Rack]()
ON_DISC = """
[settings]
motd = "from the disc"
[settings.kernel.sysctl]
"vm.max_map_count" = "300321"
"""


@pytest.fixture(scope="session")
def rack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rack]:
    rack = Rack(Path(tmp_path_factory.mktemp("nodes")))
    request.config.stash[RACK] = rack
    yield rack
    del request.config.stash[RACK]
    rack.close()


@pytest.fixture(scope="session")
def spare(rack: Rack) -> Machine:
    """A node whose tests leave it other than it was: its network, its kernel, its boots.

    Its user data lies compressed on an ISO 9660 disc in a CD drive.
    """
    disc = {"seed": "iso9660", "seed_compressed": True, "user_data": ON_DISC}
    return rack.start(rack.order("spare", demo=False, **disc))


@pytest.fixture(scope="session")
def node(rack: Rack) -> Machine:
    """The node that most tests share; a test that changes it puts it back."""
    return rack.start(rack.order("shared"))


@pytest.fixture(scope="module", autouse=True)
def no_refusals(request: pytest.FixtureRequest) -> Iterator[None]:
    """At the end of each file: the journals have the refusals that tests provoked, and no others.

    Set up first and so taken down last: what a file's own nodes do at their end counts too.
    """
    yield
    if RACK in request.config.stash:
        quiet.check_all(request.config.stash[RACK])
