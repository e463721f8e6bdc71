"""The table of what units may do: judged, written as a page, and true of the real units."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.golden import expected

from skyrocket.build import definitions, exposure, tools
from skyrocket.build import lock as locks
from skyrocket.build.exposure import Limit, Measured, Table
from skyrocket.build.image import build, contents
from skyrocket.build.image.entries import Entry
from skyrocket.models.definition import MULTIARCH
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Sandbox

CHECKOUT = Path(__file__).parents[3]
ARCHITECTURE = "x86_64"
WORK = Limit(name="a.service", kind="work", limit=4.0, why="", open={"PrivateTmp=": "a reason"})
TABLE = Table(everywhere={"UMask=": "a reason"}, units=(WORK,))


def test_what_fits() -> None:
    """Below its limit, with a reason for each open point."""
    found = {"a.service": Measured(4.0, {"PrivateTmp=": 0.2, "UMask=": 0.1})}
    assert exposure.mistakes(TABLE, found) == []


def test_every_way_not_to_fit() -> None:
    """Above the limit, a point without a reason, a reason without a point, units nobody listed."""
    found = {"a.service": Measured(4.1, {"ProtectHome=": 0.2}), "b.service": Measured(1.0, {})}
    assert exposure.mistakes(TABLE, found) == [
        "b.service: not in packages/exposure.toml",
        "a.service: PrivateTmp= has a reason and is not open",
        "a.service: ProtectHome= is open without a reason",
        "a.service: exposure 4.1 is above its limit 4.0",
    ]
    assert exposure.mistakes(TABLE, {}) == ["a.service: no such service"]


def test_a_limit_above_its_bound() -> None:
    """Who answers requests cannot be given more than 3.0."""
    unit = Limit(name="a.service", kind="requests", limit=3.1, why="")
    found = exposure.mistakes(Table(everywhere={}, units=(unit,)), {"a.service": Measured(1.0, {})})
    assert found == ["a.service: limit 3.1 is above 3.0, the bound of requests"]


class Composed:
    """The units of vm-dev as the build makes them, and the locked systemd-analyze."""

    def __init__(self) -> None:
        definition = definitions.load(CHECKOUT, "vm-dev")
        lock = locks.read(CHECKOUT / "packages.lock")
        self.sandbox = Sandbox(tools.tree(lock, Silent()))
        pool = build.open_pool(lock, ARCHITECTURE, Silent())
        release = build.describe(CHECKOUT, definition, ARCHITECTURE, lock)
        # Without our programs: those are not units, and their absence is no business of this test.
        self.root = contents.compose(
            CHECKOUT, definition, pool, release, (), MULTIARCH[ARCHITECTURE], []
        )


@pytest.fixture(scope="module")
def composed() -> Composed:
    return Composed()


@pytest.mark.image
def test_every_unit_keeps_its_limit(composed: Composed) -> None:
    """Each service is listed and at or below its limit; docs/units.md says what was measured."""
    table = exposure.read(CHECKOUT)
    measured = exposure.measure(composed.sandbox, composed.root)
    assert len(measured) >= 15
    assert exposure.mistakes(table, measured) == []
    text = exposure.document(table, measured)
    assert expected("../../docs/units.md", text) == text


@pytest.mark.image
def test_a_line_that_is_taken_back_is_seen(composed: Composed) -> None:
    """The control: one drop-in that gives the API its capabilities again is above the limit."""
    path = f"{exposure.FOLDER}skyrocket-api.service.d/loose.conf"
    lines = b"[Service]\nCapabilityBoundingSet=~\nNoNewPrivileges=no\n"
    loose = Entry(path, "file", 0o644, "test", content=lines)
    api = [one for one in composed.root if "skyrocket-api.service" in one.path]
    measured = exposure.measure(composed.sandbox, [*api, loose])
    said = exposure.mistakes(exposure.read(CHECKOUT), measured)
    assert any("skyrocket-api.service: exposure" in line and "above" in line for line in said)
