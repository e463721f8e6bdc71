"""What the image says it is."""

from __future__ import annotations

import msgspec

from skyrocket.host.system import files, journal
from skyrocket.models.api import Variant

PATH = "/usr/share/skyrocket/variant.json"


def read(path: str = PATH) -> Variant:
    """The variant; a file that is missing or wrong leaves defaults and a line in the journal."""
    raw = files.read(path)
    if raw is None:
        journal.error(f"cannot read {path}: there is no such file")
        return Variant()
    try:
        return msgspec.json.decode(raw, type=Variant)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        journal.error(f"cannot read {path}: {error}")
        return Variant()
