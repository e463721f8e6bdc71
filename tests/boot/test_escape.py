"""Ways out of a container, tried from four kinds of containers on a booted node.

The whole suite and its control are `scripts/prove escape`; this is its short selection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from escape import ground, run
from escape.table import ATTEMPTS

if TYPE_CHECKING:
    from boot.machine import Rack

pytestmark = pytest.mark.boot


def test_an_unprivileged_container_gets_nothing(rack: Rack, tmp_path_factory) -> None:
    """Of the short selection, no attempt of a workload succeeds, nor one of a host container
    but for what the API's socket is for; the same run sees the superpowered one succeed."""
    hidden = run.planted()
    folder = tmp_path_factory.mktemp("layouts")
    version = rack.parts.facts.version
    ground.attacker(rack.parts.containers, folder, version)
    lab = rack.lab
    rack.lab = lab._replace(images=folder)
    try:
        machine = rack.start(rack.order("escape", user_data=ground.settings(version, hidden)))
        ground.running(machine, version)
        results = run.attack(machine, hidden, ("workload", "control", "admin"), short=True)
    finally:
        rack.lab = lab
    allowed = {one.id: one.allowed for one in ATTEMPTS}
    won = {(one.kind, one.id) for one in results if one.succeeded}
    assert {row for row in won if row[0] != "admin" and row[0] not in allowed[row[1]]} == set()
    assert ("admin", "api-read") in won
    assert ("control", "api-read") in won
