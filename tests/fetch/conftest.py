"""Two mirrors on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.file_mirror import Mirror, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving() as found:
        yield found


@pytest.fixture
def second_mirror() -> Iterator[Mirror]:
    with serving() as found:
        yield found
