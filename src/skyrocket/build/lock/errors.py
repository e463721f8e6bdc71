"""What can go wrong with the lock and the packages it names.

LockError              cannot <verb> <thing>: <reason>, and a hint
└── ResolveError       apt could not work out a set
"""

from __future__ import annotations


class LockError(Exception):
    """Base of the room: a one-line message and HINT, what the reader can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ResolveError(LockError):
    pass
