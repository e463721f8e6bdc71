"""How long a server is tried: as long as each try brings something, a few times when it does not.

A try in vain is followed by a pause, each twice as long: a server may be starting again.
Deliberately unknown here: what is fetched.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from skyrocket.host.update.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 5
"""How often a server may break off without having given anything more."""


class Patience:
    """The tries of one fetch."""

    def __init__(self, wait: Callable[[float], None] | None = None) -> None:
        self._wait, self._vain = wait or time.sleep, 0

    def broke(self, error: Exception, *, brought: bool) -> None:
        """A try ended with ERROR; SourceError when that was the last one."""
        self._vain = 0 if brought else self._vain + 1
        if self._vain >= PATIENCE:
            raise SourceError(str(error)) from error
        if self._vain:
            self._wait(2.0 ** (self._vain - 1))
