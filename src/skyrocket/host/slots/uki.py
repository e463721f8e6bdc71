"""What a kernel image in the boot partition says of itself: its version, and the root it boots.

Only the head and two sections are read. Deliberately unknown here: whether it is whole.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from skyrocket.host.system.faults import DoorError
from skyrocket.models import pe

_HEAD = 8192


class Kernel(NamedTuple):
    """What a kernel image says of itself."""

    arch: str
    version: str
    variant: str
    root_hash: str


def read(path: str) -> Kernel:
    """What the kernel image at PATH says; DoorError when it is none of ours."""
    try:
        with open(path, "rb") as file:
            parsed = pe.parse(file.read(_HEAD), os.fstat(file.fileno()).st_size)
            texts = {}
            for section in parsed.sections:
                if section.name in {".osrel", ".cmdline"}:
                    file.seek(section.offset)
                    texts[section.name] = file.read(section.size).rstrip(b"\0").decode()
        release = dict(line.partition("=")[::2] for line in texts[".osrel"].splitlines())
        words = dict(word.partition("=")[::2] for word in texts[".cmdline"].split())
        version, variant = (release[name].strip('"') for name in ("IMAGE_VERSION", "VARIANT_ID"))
        return Kernel(parsed.machine, version, variant, words["roothash"].lower())
    except (OSError, pe.PeError, ValueError, KeyError) as error:
        raise DoorError(
            f"cannot read the kernel image {os.path.basename(path)}: {error}"
        ) from error
