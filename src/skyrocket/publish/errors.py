"""What can go wrong with an update repository.

PublishError       cannot <verb> <thing>: <reason>
├── SignerError    a private key that is not there, or cannot sign what is asked of it
└── LayoutError    a folder that is no repository of ours, or an image that is not whole
"""

from __future__ import annotations


class PublishError(Exception):
    """Base of this room's errors; HINT is the way out, when there is one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SignerError(PublishError):
    pass


class LayoutError(PublishError):
    pass
