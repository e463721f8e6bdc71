"""One build at a time in a cache: two would take each other's finished steps away.

The kernel holds the lock, so that it ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from skyrocket.fetch import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.models.progress import Reporter


@contextmanager
def mine(report: Reporter) -> Iterator[None]:
    """Wait, and say so, until no other build works in this cache."""
    with (places.folder("steps") / ".turn").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report.step("wait for another build in this cache")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
