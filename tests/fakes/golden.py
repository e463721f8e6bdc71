"""Golden files: what a function gives, kept as text that is reviewed as a diff.

`SKYROCKET_GOLDEN=write pytest …` writes them anew.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "golden"


def expected(name: str, actual: str) -> str:
    """The golden text NAME, to be compared with ACTUAL."""
    path = FOLDER / name
    if os.environ.get("SKYROCKET_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8")
    return path.read_text(encoding="utf-8")
