"""Folders of the step cache: made once for the same inputs, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def step(
    cache: Path, kind: str, inputs: Mapping[str, object], make: Callable[[Path], None]
) -> Path:
    """The folder that MAKE fills from INPUTS; what an interrupted run left is never taken."""
    text = json.dumps([kind, inputs], sort_keys=True)
    folder = cache / f"seal-{kind}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    if folder.is_dir():
        return folder
    work = Path(tempfile.mkdtemp(prefix=f".seal-{kind}-", dir=cache))
    try:
        make(work)
        work.chmod(0o755)
        work.rename(folder)
    except OSError:
        if not folder.is_dir():  # another run may have been first
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def digest(files: Iterable[Path], base: Path) -> str:
    """One hash over names (below BASE) and contents of FILES."""
    whole = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"{file.relative_to(base)} {content}\n".encode())
    return whole.hexdigest()
