"""What can go wrong while a container image is made.

OciError
├── MissingLibraryError   a program of the image wants a library that no package of it brings
└── ClashError            two sources bring one path with different contents
"""

from __future__ import annotations


class OciError(Exception):
    """Base of this room's errors: `cannot <verb> <thing>: <reason>`, and a hint apart."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


class MissingLibraryError(OciError):
    """A program of the image wants a library that no package of it brings."""


class ClashError(OciError):
    """Two sources bring one path with different contents."""
