"""What generators may know of this node."""

from __future__ import annotations

import os

from skyrocket.host.system import files
from skyrocket.models.settings.group import Facts

MACHINE_ID = "/etc/machine-id"


def read() -> Facts:
    machine_id = (files.read(MACHINE_ID) or b"").decode("ascii", "replace").strip()
    return Facts(machine_id, int.from_bytes(os.urandom(4), "big"))
