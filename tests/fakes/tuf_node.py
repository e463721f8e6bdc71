"""A node's client of updates on a published repository in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes import web
from fakes.web import FakeClient

from skyrocket.host.update.repository import Repository

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from skyrocket.publish.store import Store


def client(
    store: Store, home: Path, trick: web.Trick = web.honest, floor: datetime | None = None
) -> Repository:
    """A node with the first root in its image."""
    root = (store.metadata / "1.root.json").read_bytes()
    fake = FakeClient(store.folder, trick)
    where = (f"{web.URL}metadata", f"{web.URL}targets")
    return Repository(str(home), *where, root, fake, floor)  # type: ignore[arg-type]
