"""Errors of the store.

StoreError
├── NoChangesError    a transaction to commit has nothing in it
├── NoGenerationError a generation that is not kept, or never was
└── UnreadableError   the document is there but cannot be used
"""


class StoreError(Exception):
    """Base of this room's errors."""


class NoChangesError(StoreError):
    """A transaction without pending changes cannot be committed."""

    def __init__(self) -> None:
        super().__init__("Tried to commit with no pending changes")


class NoGenerationError(StoreError):
    """A generation that cannot be looked at or gone back to."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Found no generation {number} in the history")


class UnreadableError(StoreError):
    """The stored document cannot be used; it is kept aside."""
