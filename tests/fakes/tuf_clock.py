"""The clock of TUF's library, which it reads once for each look at a repository."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def replace(monkeypatch: pytest.MonkeyPatch, now: Callable[[], datetime]) -> None:
    """Have the library ask NOW, as faketime would have it for a whole process."""
    import tuf.ngclient._internal.trusted_metadata_set as library

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            del tz
            return now()

    fake = type("datetime", (), {"datetime": Clock, "timezone": library.datetime.timezone})
    monkeypatch.setattr(library, "datetime", fake)
