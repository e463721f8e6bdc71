"""What systemctl says of units."""

from __future__ import annotations

from skyrocket.host.system.units import parse
from skyrocket.models.health import Unit

SHOWN = """\
Job=0
Id=containerd.service
LoadState=loaded
ActiveState=active
NRestarts=2

Job=88
Id=host-containerd.service
LoadState=loaded
ActiveState=inactive
NRestarts=0

Id=nothing.service
LoadState=not-found
ActiveState=inactive
"""


def test_units_are_read_a_paragraph_each() -> None:
    assert parse(SHOWN) == (
        Unit("containerd.service", restarts=2),
        Unit("host-containerd.service", active="inactive", pending=True),
        Unit("nothing.service", loaded=False, active="inactive"),
    )
    assert parse("") == ()
