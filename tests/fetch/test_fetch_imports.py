"""The room runs before any dependency is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def test_only_the_standard_library_is_imported() -> None:
    """A bare interpreter, without site-packages, imports the whole room."""
    rooms = sorted(path.stem for path in (SOURCE / "skyrocket/fetch").glob("[a-z]*.py"))
    code = f"""
import sys
sys.path.insert(0, {str(SOURCE)!r})
for name in {rooms!r}:
    __import__("skyrocket.fetch." + name)
outside = [
    name for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "")
]
foreign = [name for name in sys.modules if name.startswith("skyrocket.")
           and not name.startswith(("skyrocket.fetch", "skyrocket.models"))]
print(outside, foreign)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[] []\n", "")
