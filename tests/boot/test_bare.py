"""vm-bare: the same node with no way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.build.image import build
from skyrocket.cli.checkout import ROOT
from skyrocket.lab import ssh
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from boot.machine import Rack

pytestmark = pytest.mark.boot


def test_a_bare_node_serves_its_workload_and_lets_nobody_in(rack: Rack) -> None:
    """The demonstration answers; there is no host container, no second containerd, no ssh."""
    built = build.build(ROOT, "vm-bare", "x86_64", Silent())
    listed = {program.path for program in built.facts.programs}
    assert "/usr/bin/containerd" in listed
    order = rack.order(
        "bare",
        variant="vm-bare",
        image=built.folder,
        root_hash=built.facts.root_hash,
        host_containers=False,
    )
    node = rack.start(order)
    assert "This page comes from a container" in node.page()
    assert not ssh.wait(node.node, 0)
