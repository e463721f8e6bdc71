"""What settings cost: plans, changes to the file they end in, reads, a long chain of upgrades.

The node's own code in the node's Python, on this machine, below a folder that stands for the root:
no unit is restarted, and nothing is emulated. The applier is the node's sealed program, started for
each change as systemd would.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from measure.client import POLICY
from measure.here import MeasureError

LIBRARIES = (
    "lib64/ld-linux-x86-64.so.2",
    *(
        f"lib/x86_64-linux-gnu/{name}"
        for name in ("libc.so.6", "libm.so.6", "libpthread.so.0", "libz.so.1")
    ),
)
"""What the sealed program is linked with."""
INSIDE = Path(__file__).with_name("settings_inside.py")


def measure(checkout: Path, tools: Path, rounds: int) -> dict[str, object]:
    from skyrocket.build.image import programs
    from skyrocket.sandbox import Mount, ProgramError, Sandbox

    sandbox = Sandbox(tools)
    sealed = programs.make(checkout, "x86_64", sandbox).host
    with tempfile.TemporaryDirectory(prefix="bench-settings-", dir="/var/tmp") as name:
        _node(Path(name) / "node", sealed, tools)
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


def _node(root: Path, sealed: Path, tools: Path) -> None:
    """A root for the SEALED program at ROOT: what it starts from, and the folders it works in."""
    shutil.copytree(sealed, root)
    for name in LIBRARIES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tools / "usr" / name, root / name)
    for folder in ("etc", "run/skyrocket", "usr/share/skyrocket", "var/lib/bottlerocket"):
        (root / folder).mkdir(parents=True)
    (root / "usr/share/skyrocket/variant.json").write_text("{}")
