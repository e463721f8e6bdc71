"""The name of a build says what went in."""

from pathlib import Path

import pytest

from skyrocket.build import definitions
from skyrocket.build import lock as locks
from skyrocket.build.image import build

CHECKOUT = Path(__file__).resolve().parents[3]


def _name(checkout: Path) -> str:
    definition = definitions.load(CHECKOUT, "vm-dev")
    lock = locks.read(CHECKOUT / "packages.lock")
    return build.describe(checkout, definition, "x86_64", lock).build


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ("src/skyrocket/host/x.py", True),
        ("src/skyrocket/models/settings/x.py", True),
        ("packages/x/package.toml", True),
        ("variants/x.toml", True),
        ("requirements/host.txt", True),
        ("src/skyrocket/lab/x.py", False),
        ("docs/x.md", False),
    ],
)
def test_what_goes_into_a_node_changes_the_name(
    tmp_path: Path, changed: str, differs: bool
) -> None:
    """Two images of different programs never share a name; a page of documentation changes none."""
    (tmp_path / "pyproject.toml").write_bytes((CHECKOUT / "pyproject.toml").read_bytes())
    before = _name(tmp_path)
    (tmp_path / changed).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / changed).write_text("# new\n")
    assert (_name(tmp_path) != before) is differs
