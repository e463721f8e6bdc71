"""Where the checkout is and what its lock says; standard library only, nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "packages.lock"
RUN_SETS = ("tools", "image", "containers")


class Pending(NamedTuple):
    """Locked files that `run` uses: how many bytes, and how many of those are not here yet."""

    total: int
    missing: int


def pending(files: Path, lock: Path = LOCK, architecture: str = "amd64") -> Pending | None:
    """Compare the lock with the folder of downloads; None when there is no lock to read."""
    try:
        document = json.loads(lock.read_bytes())
    except (OSError, ValueError):
        return None
    names = {
        name for kind in RUN_SETS for name in document["sets"].get(kind, {}).get(architecture, ())
    }
    wanted = [p for p in document["packages"].get(architecture, ()) if p["name"] in names]
    try:
        here = {path.name for path in files.iterdir()}
    except OSError:
        here = set()
    missing = [p for p in wanted if p["sha256"] not in here]
    return Pending(sum(p["size"] for p in wanted), sum(p["size"] for p in missing))
