"""How much each unit may do: what systemd-analyze counts, against packages/exposure.toml.

`measure` asks the locked systemd-analyze about the unit files of a root; the rest is pure. What a
unit needs is not known here: that is the table's, with the reasons.
"""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from skyrocket.models.checking import check
from skyrocket.models.definition import Model, Unit
from skyrocket.sandbox import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.build.image.entries import Entry
    from skyrocket.sandbox import Sandbox

FILE = "packages/exposure.toml"
FOLDER = "usr/lib/systemd/system/"
REASONS_ABOVE = 3.0
"""From here on each point that counts against a unit has its reason."""

Kind = Literal["requests", "work", "container"]
BOUNDS: dict[Kind, float] = {"requests": 3.0, "work": 7.0, "container": 10.0}
_OVERALL = re.compile(r"Overall exposure level for \S+: (\d+\.\d)")


class Limit(Model, frozen=True):
    """What a unit may come to, and why the points that count against it stay open."""

    name: Unit
    kind: Kind
    limit: float
    why: str
    open: dict[str, str] = {}  # noqa: RUF012  msgspec copies it
    same: str = ""
    everything: str = ""


class Table(Model, frozen=True):
    """packages/exposure.toml."""

    everywhere: dict[str, str]
    units: tuple[Limit, ...]

    def reasons(self, unit: Limit) -> dict[str, str]:
        """Point -> reason, for UNIT."""
        shared = next((one.open for one in self.units if one.name == unit.same), {})
        return self.everywhere | shared | unit.open


class Measured(NamedTuple):
    """A unit's exposure, and the points that count against it with their weights."""

    exposure: float
    points: dict[str, float]


def read(checkout: Path) -> Table:
    """The table of the CHECKOUT; raises DefinitionError with all mistakes."""
    return check(Table, tomllib.loads((checkout / FILE).read_text(encoding="utf-8")), FILE)


def measure(sandbox: Sandbox, entries: Iterable[Entry]) -> dict[str, Measured]:
    """Every service among ENTRIES (a root's) that starts a program, by name."""
    units = [entry for entry in entries if entry.path.startswith(FOLDER)]
    with tempfile.TemporaryDirectory() as work:
        root, run = Path(work, "root"), Path(work, "run")
        run.mkdir()
        for unit in units:
            _write(root / unit.path, unit)
        mounts = (Mount(root, "/image"), Mount(run, "/run", writable=True))
        names = sorted(_name(unit) for unit in units if _starts(unit))
        return {name: _ask(sandbox, mounts, name) for name in names}


def mistakes(table: Table, measured: dict[str, Measured]) -> list[str]:
    """Where the table and what was measured do not fit, each as a sentence."""
    listed = {unit.name: unit for unit in table.units}
    found = [f"{name}: not in {FILE}" for name in sorted(measured.keys() - listed.keys())]
    found += [f"{name}: no such service" for name in sorted(listed.keys() - measured.keys())]
    for name in sorted(listed.keys() & measured.keys()):
        found += [f"{name}: {text}" for text in _judge(table, listed[name], measured[name])]
    return found


def _judge(table: Table, unit: Limit, measured: Measured) -> list[str]:
    found = []
    if measured.exposure > unit.limit:
        found.append(f"exposure {measured.exposure} is above its limit {unit.limit}")
    if unit.limit > BOUNDS[unit.kind]:
        found.append(f"limit {unit.limit} is above {BOUNDS[unit.kind]}, the bound of {unit.kind}")
    if unit.everything or measured.exposure <= REASONS_ABOVE:
        return found
    reasons = table.reasons(unit)
    found += [f"{point} is open without a reason" for point in measured.points.keys() - reasons]
    found += [
        f"{point} has a reason and is not open" for point in unit.open.keys() - measured.points
    ]
    return sorted(found)


def document(table: Table, measured: dict[str, Measured]) -> str:
    """docs/units.md."""
    rows, parts = [], []
    for unit in table.units:
        seen = measured[unit.name]
        bound = f"{BOUNDS[unit.kind]}" if unit.kind != "container" else "none"
        rows.append(f"| `{unit.name}` | {unit.kind} | {seen.exposure} | {bound} | {unit.why} |")
        if seen.exposure > REASONS_ABOVE:
            parts.append(_reasons(table, unit, seen))
    return _PAGE.format(rows="\n".join(rows), parts="\n".join(parts))


def _reasons(table: Table, unit: Limit, seen: Measured) -> str:
    head = f"\n### {unit.name}\n\n"
    if unit.everything:
        count = len(seen.points)
        return f"{head}All {count} points: {unit.everything}.\n"
    if unit.same:
        return f"{head}The points and reasons of `{unit.same}`.\n"
    reasons = table.reasons(unit)
    lines = "".join(
        f"| `{_cell(point)}` | {weight} | {reasons[point]} |\n"
        for point, weight in seen.points.items()
    )
    return f"{head}| point | weight | why it stays open |\n|---|---|---|\n{lines}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _name(unit: Entry) -> str:
    return unit.path.removeprefix(FOLDER)


def _starts(unit: Entry) -> bool:
    service = "/" not in _name(unit) and unit.path.endswith(".service") and unit.kind == "file"
    return service and re.search(rb"^ExecStart=", unit.read(), re.MULTILINE) is not None


def _write(path: Path, unit: Entry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if unit.kind == "symlink":
        path.symlink_to(unit.link)
    elif unit.kind == "file":
        path.write_bytes(unit.read())
    else:
        path.mkdir(exist_ok=True)


def _ask(sandbox: Sandbox, mounts: tuple[Mount, ...], name: str) -> Measured:
    """What systemd-analyze says of NAME; of a template, as its instance x."""
    argv = ["systemd-analyze", "security", "--offline=true", "--root=/image", "--no-pager"]
    unit = name.replace("@.", "@x.")
    text = sandbox.run([*argv, unit], mounts=mounts).stdout.decode()
    overall = _OVERALL.search(text)
    if overall is None:
        raise ValueError(f"cannot measure {unit}: systemd-analyze gives no overall exposure")
    points = json.loads(sandbox.run([*argv, "--json=short", unit], mounts=mounts).stdout)
    weights = {one["name"]: float(one["exposure"] or 0) for one in points}
    return Measured(float(overall[1]), {name: each for name, each in weights.items() if each})


_PAGE = """\
# What each unit may do

Made from `packages/exposure.toml` and a measurement of the image's unit files with
`systemd-analyze security --offline=true`; a test compares them. Do not edit.

Exposure goes from 0 (nothing) to 10. A unit that answers requests stays at or below 3.0, one that
does work at or below 7.0; for a unit above 3.0 each point that counts against it has its reason
below. What the lines forbid is tried on a booted node (`tests/boot/test_sandbox.py`).

The count knows nothing of SELinux, nor of what a container is refused by its OCI configuration.
It says that a line is there, not that the line is enough.

| unit | kind | exposure | bound | what it does |
|---|---|---|---|---|
{rows}

A container's unit has no bound. The container's first process is the unit's main process
([0006](adr/0006-container-is-the-unit.md)), so every line of the unit holds for all that the
container runs: only what no container needs is taken there.

## Points that stay open
{parts}"""
