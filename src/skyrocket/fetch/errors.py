"""What can go wrong while getting files, each with the command or setting that mends it.

FetchError                 cannot <verb> <thing>: <reason>, and a hint
├── NotFoundError          every source was asked, none has the file
├── SpoiledError           a file came, with other bytes than the lock names
├── UnreachableError       no source could be reached (network, proxy, certificate)
├── DiskError              this machine's disk is full or refuses the write
└── ConfigError            a setting (SKYROCKET_SOURCES, pip.conf, sources.toml, bundle) is wrong
"""

from __future__ import annotations


class FetchError(Exception):
    """Base of the room: a one-line message and HINT, what the reader can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotFoundError(FetchError):
    pass


class SpoiledError(FetchError):
    pass


class UnreachableError(FetchError):
    pass


class DiskError(FetchError):
    pass


class ConfigError(FetchError):
    pass
