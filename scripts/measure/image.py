"""Sizes of the finished image, from its manifest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def measure(folder: Path) -> dict[str, object]:
    facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    sizes: dict[str, object] = {
        key: facts[key] for key in ("root_bytes", "hash_bytes", "uki_bytes", "executables")
    }
    sizes["whole_bytes"] = facts["root_bytes"] + facts["hash_bytes"] + facts["uki_bytes"]
    sizes["initrd_bytes"] = (folder / "initrd").stat().st_size
    sizes["packages"] = len(facts["packages"])
    return sizes
