"""The initrd's program starts with next to nothing loaded: every boot of every node pays for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src"
ALLOWED = {"__future__", "_socket", "_struct", "binascii", "errno", "fcntl", "select", "struct"}
CODE = """
import sys
sys.path.append({source!r})
sys.modules["_node"] = type(sys)("_node")
before = set(sys.modules)
import os
os_modules = set(sys.modules)
import skyrocket.host.initrd.sequence
print(*sorted(set(sys.modules) - before - os_modules))
"""


def loaded() -> set[str]:
    code = CODE.format(source=str(SOURCE))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_imports_little_beside_os() -> None:
    """No `re`, `typing`, `json`, `pathlib`, `subprocess`, nor anything else that is not listed."""
    foreign = {name for name in loaded() if not name.startswith("skyrocket")}
    assert foreign <= ALLOWED


def test_number_of_our_modules() -> None:
    """A module costs 0.3 ms natively and six under emulation, so their number has a limit."""
    assert len([name for name in loaded() if name.startswith("skyrocket")]) <= 47
