"""One build step: a name, its inputs, and a function that fills a folder. Its hash is its identity.

A step that was done before with the same inputs is not done again; a step that fails or is
interrupted leaves nothing that looks finished. What the steps make is not known here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def identity(name: str, inputs: Mapping[str, object]) -> str:
    """The step's name and a hash of its inputs; inputs must be plain data (strings for paths)."""
    text = json.dumps([name, inputs], sort_keys=True, default=_refuse)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def run(
    cache: Path,
    name: str,
    inputs: Mapping[str, object],
    make: Callable[[Path], None],
    *,
    fresh: bool = False,
) -> Path:
    """The folder with the step's output, made now unless it was made before (or FRESH)."""
    target = cache / identity(name, inputs)
    if target.is_dir() and not fresh:
        os.utime(target)  # tells `clean` what is still in use
        return target
    cache.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
    try:
        work.chmod(0o755)
        make(work)
        if target.is_dir():
            shutil.rmtree(target)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return target


def digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_tree(root: Path, names: Iterable[str] = ("**/*",)) -> str:
    """SHA-256 over the relative names and contents of the files under ROOT that match NAMES.

    Byte code that Python leaves beside sources does not count.
    """
    total = hashlib.sha256()
    found = {path for name in names for path in root.glob(name)}
    for path in sorted(found):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(f"{path.relative_to(root)}\0{path.stat().st_mode & 0o111}\0".encode())
            total.update(bytes.fromhex(digest(path)))
    return total.hexdigest()


def _refuse(value: object) -> object:
    raise TypeError(f"a step's input must be plain data, not {type(value).__name__}")
