"""What can go wrong with an update.

UpdateError            cannot <verb> <thing>: <reason>
├── SourceError        the repository does not answer, or what it says is not believed
├── GoneError          the version that was chosen is no longer offered
└── SlotError          the idle slot or the boot partition cannot take it
"""

from __future__ import annotations


class UpdateError(Exception):
    pass


class SourceError(UpdateError):
    pass


class GoneError(UpdateError):
    pass


class SlotError(UpdateError):
    pass
