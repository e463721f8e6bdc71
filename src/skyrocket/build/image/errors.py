"""What can go wrong when an image is made.

ImageError
└── ContentsError   the definitions do not fit the locked packages; carries all mistakes
"""

from __future__ import annotations


class ImageError(Exception):
    """Base of this room's errors; HINT is the way out, when there is one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ContentsError(ImageError):
    """Every place where packages and files do not fit, at once."""

    def __init__(self, variant: str, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(f"cannot compose {variant}: {len(mistakes)} mistakes{lines}")
