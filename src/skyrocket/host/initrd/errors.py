"""Why a boot cannot go on.

BootError
└── StopBootError      starting again would not help: say it, and wait for a power cycle
"""

from __future__ import annotations


class BootError(Exception):
    """The boot cannot go on: `cannot <verb> <thing>: <reason>`."""


class StopBootError(BootError):
    """Three boots in a row without health, and no other slot to go to."""
