"""What can go wrong with keys and signatures.

SigningError      cannot <verb> <thing>: <reason>
├── KeysError     a folder of keys that is not there, not whole, or would be overwritten
└── FormatError   the bytes are no program of the firmware, or one that cannot be signed
"""

from __future__ import annotations


class SigningError(Exception):
    """Base of this room's errors; HINT is the way out, when there is one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class KeysError(SigningError):
    pass


class FormatError(SigningError):
    pass
