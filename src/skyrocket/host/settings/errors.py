"""Errors of this room.

SettingsRoomError
├── DefaultsError    the variant's defaults cannot be used
└── UserDataError    user data cannot be used: which source, where in it, why
"""


class SettingsRoomError(Exception):
    """Base of this room's errors."""


class DefaultsError(SettingsRoomError):
    """The variant's own defaults are wrong: a mistake of the image."""


class UserDataError(SettingsRoomError):
    """User data that cannot be read, or is not settings this variant has."""
