"""What settings cost: plans, changes to the file they end in, reads, a long chain of upgrades.

The node's own code in the node's Python, on this machine, below a folder that stands for the root:
no unit is restarted, and nothing is emulated.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from measure.client import POLICY
from measure.here import MeasureError

INSIDE = Path(__file__).with_name("settings_inside.py")


def measure(checkout: Path, tools: Path, rounds: int) -> dict[str, object]:
    from skyrocket.build.image import programs
    from skyrocket.sandbox import Mount, ProgramError, Sandbox

    sandbox = Sandbox(tools)
    with tempfile.TemporaryDirectory(prefix="bench-settings-", dir="/var/tmp") as name:
        mounts = [
            Mount(INSIDE, "/in/settings_inside.py"),
            Mount(checkout / POLICY, "/in/api-policy.json"),
            Mount(checkout / "src", "/in/src"),
            Mount(programs.host_wheels(checkout, "x86_64"), "/in/wheels"),
            Mount(Path(name), "/work", writable=True),
        ]
        argv = ["/usr/bin/python3.13", "-I", "-S", "/in/settings_inside.py"]
        argv += ["/in/src", "/in/wheels", "/work", "/in/api-policy.json", str(rounds)]
        try:
            said = sandbox.run(argv, mounts=mounts).stdout
        except ProgramError as error:
            raise MeasureError(f"cannot measure settings: {error}") from error
    found: dict[str, object] = json.loads(said)
    return found
