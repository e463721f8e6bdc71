"""The error of the doors to the kernel: what could not be done, and why.

DoorError
└── raised by kernel, blockdev, devicemapper, disk, efi, modules, verity, process
"""

from __future__ import annotations

import os


class DoorError(Exception):
    """Something outside our process refused: `cannot <verb> <thing>: <reason>`."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.errno = number


def refused(what: str, error: OSError) -> DoorError:
    """Say the kernel's refusal of WHAT (`mount /dev/vda7`) as a sentence."""
    number = error.errno or 0
    return DoorError(f"cannot {what}: {os.strerror(number) if number else error}", number)
