"""What a long task may say while it works. Whoever shows it decides how; nothing here prints."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Told about progress, from any thread. Every method returns at once and never raises."""

    def step(self, name: str) -> None:
        """A new step begins (and the one before it is over): 'fetch 214 packages'."""

    def advance(self, done: int, total: int | None = None, unit: str = "B") -> None:
        """The step got this far. UNIT 'B' is shown as bytes with a rate and the time left."""

    def note(self, text: str) -> None:
        """One line that the user should read and that stays on the terminal."""


class Silent:
    """A reporter for callers that do not listen."""

    def step(self, name: str) -> None:
        pass

    def advance(self, done: int, total: int | None = None, unit: str = "B") -> None:
        pass

    def note(self, text: str) -> None:
        pass
