"""What a step was made from, as one hash over names and contents."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def digest(files: Iterable[Path], base: Path) -> str:
    """One hash over names (below BASE) and contents of FILES."""
    whole = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"{file.relative_to(base)} {content}\n".encode())
    return whole.hexdigest()
