"""Errors of the store.

StoreError
├── NoChangesError    a transaction to commit has nothing in it
└── UnreadableError   the document is there but cannot be used
"""


class StoreError(Exception):
    """Base of this room's errors."""


class NoChangesError(StoreError):
    """A transaction without pending changes cannot be committed."""

    def __init__(self) -> None:
        super().__init__("Tried to commit with no pending changes")


class UnreadableError(StoreError):
    """The stored document cannot be used; it is kept aside."""
