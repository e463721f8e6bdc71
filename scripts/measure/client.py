"""`apiclient get os`, one shot, beside the smallest program and the bare interpreter.

The client is the sealed file of the image; the API that answers is the node's own code in the
node's Python, on this machine. The clock runs in the tools tree, without this package.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from measure.here import MeasureError
from measure.samples import Samples, interleaved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.sandbox import Mount, Sandbox

LOOP, SERVE = (Path(__file__).with_name(name) for name in ("loop.py", "serve.py"))
PATIENCE = 20.0
TRUE = Path("/bin/true")
POLICY = "packages/agent/root/usr/share/skyrocket/api-policy.json"
COMMANDS: dict[str, list[str]] = {
    "true": ["/in/true"],
    "python": ["/usr/bin/python3.13", "-I", "-S", "-c", "pass"],
    "apiclient": ["/in/apiclient", "-s", "/socket/api.sock", "get", "os"],
}


def measure(checkout: Path, tools: Path, rounds: int) -> dict[str, object]:
    """Milliseconds of wall clock and of processor time, ROUNDS of each, interleaved."""
    from skyrocket.build.image import programs
    from skyrocket.sandbox import Mount, Sandbox

    sandbox = Sandbox(tools)
    client = programs.make(checkout, "x86_64", sandbox).apiclient
    with (
        tempfile.TemporaryDirectory(prefix="bench-api-") as name,
        served(sandbox, checkout, Path(name)),
    ):
        order = [COMMANDS[each] for each in interleaved(tuple(COMMANDS), rounds)]
        mounts = [
            Mount(client, "/in/apiclient"), Mount(TRUE, "/in/true"), Mount(LOOP, "/in/loop.py"),
            Mount(Path(name), "/socket", writable=True),
        ]  # fmt: skip
        said = _timed(sandbox, order, mounts)
    return summary(json.loads(said), client.stat().st_size)


def _timed(sandbox: Sandbox, order: list[list[str]], mounts: list[Mount]) -> bytes:
    from skyrocket.sandbox import ProgramError

    argv = ["/usr/bin/python3.13", "-I", "/in/loop.py"]
    try:
        return sandbox.run(argv, mounts=mounts, stdin=json.dumps(order).encode()).stdout
    except ProgramError as error:
        raise MeasureError(f"cannot time the client: {error}") from error


def summary(rows: list[list[float]], size: int) -> dict[str, object]:
    """ROWS are [wall, processor] in seconds in the order of the runs; pure."""
    names = tuple(COMMANDS)
    found: dict[str, object] = {"apiclient_bytes": size}
    medians = {}
    for place, name in enumerate(names):
        mine = rows[place :: len(names)]
        wall = Samples(tuple(row[0] * 1000 for row in mine))
        busy = Samples(tuple(row[1] * 1000 for row in mine))
        medians[name] = wall.median
        found[name] = {"wall_ms": _short(wall), "processor_ms": _short(busy)}
    found["ratio"] = round(medians["apiclient"] / medians["python"], 2)
    return found


def _short(samples: Samples) -> dict[str, object]:
    table = samples.table(2)
    return {key: table[key] for key in ("median", "min", "max")} | {"runs": len(samples.values)}


@contextmanager
def served(sandbox: Sandbox, checkout: Path, folder: Path) -> Iterator[None]:
    """The node's API at FOLDER/api.sock, by the node's Python with the node's wheels."""
    from skyrocket.build.image import programs
    from skyrocket.lab import process
    from skyrocket.sandbox import Mount

    mounts = [
        Mount(SERVE, "/in/serve.py"),
        Mount(checkout / POLICY, "/in/api-policy.json"),
        Mount(checkout / "src", "/in/src"),
        Mount(programs.host_wheels(checkout, "x86_64"), "/in/wheels"),
        Mount(folder, "/socket", writable=True),
    ]
    argv = ["/usr/bin/python3.13", "-I", "/in/serve.py"]
    argv += ["/in/src", "/in/wheels", "/socket", "/in/api-policy.json"]
    child = process.start(sandbox.argv(argv, mounts=mounts), folder / "log")
    try:
        if not process.wait_for((folder / "api.sock").exists, PATIENCE):
            said = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
            raise MeasureError(f"cannot serve the API: {said}")
        yield
    finally:
        process.end(child)
