"""Errors of the seal: SealError > SourceError, LeakError."""

from __future__ import annotations


class SealError(Exception):
    """Base of this room's errors; `hint` says the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SourceError(SealError):
    """The code to seal asks for something that a sealed program does not have."""


class LeakError(SealError):
    """The linked file holds what it must not: a compiler, an interpreter's door, a loader."""
