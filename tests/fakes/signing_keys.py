"""Keys for tests that sign: made once, so that the image signed with them is made once as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.signing import files
from skyrocket.fetch import places

if TYPE_CHECKING:
    from pathlib import Path


def kept() -> Path:
    """Their folder: beside the cache, because no private key may be in it."""
    folder = places.cache().parent / "skyrocket-test-keys"
    if not folder.is_dir():
        files.make(folder, "Skyrocket tests")
    return folder
