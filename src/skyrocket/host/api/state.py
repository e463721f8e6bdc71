"""What the API process knows: live settings, pending transactions, the variant, its doors.

One lock around all of it: requests are short and few. Pending transactions are also kept in a
file under /run, so that a restart of the API loses none; a reboot does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from skyrocket.host.api.errors import FailedError
from skyrocket.host.store.document import Document
from skyrocket.host.store.errors import StoreError
from skyrocket.host.store.transactions import Transactions
from skyrocket.host.system import files, journal

if TYPE_CHECKING:
    from skyrocket.host.api.doors import Doors
    from skyrocket.host.store.filesystem import Store
    from skyrocket.models.api import Variant
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.table import Schema

PENDING = "/run/skyrocket/api/pending.json"


class State:
    """Everything a route may touch."""

    __slots__ = ("_document", "_pending", "_schema", "_store", "_transactions", "doors", "lock",
                 "variant")  # fmt: skip

    def __init__(
        self, store: Store, variant: Variant, doors: Doors, pending: str = PENDING
    ) -> None:
        self.lock = threading.RLock()
        self.variant = variant
        self.doors = doors
        self._store = store
        self._pending = pending
        self._document = _load(store)
        self._transactions = Transactions(_read_pending(pending))
        self._schema: Schema | None = None

    @property
    def schema(self) -> Schema:
        """The variant's settings; their modules are imported when first asked for."""
        with self.lock:
            if self._schema is None:
                from skyrocket.models.settings import table

                self._schema = table.load(self.variant.groups)
            return self._schema

    @property
    def live(self) -> Tree:
        return self._document.settings

    @property
    def transactions(self) -> Transactions:
        return self._transactions

    @transactions.setter
    def transactions(self, changed: Transactions) -> None:
        try:
            files.replace(self._pending, msgspec.json.encode(changed.pending), 0o600)
        except OSError as error:
            raise FailedError(f"cannot keep pending changes in {self._pending}: {error}") from error
        self._transactions = changed

    def commit(self, name: str) -> list[str]:
        """Make transaction NAME live -> its keys; NoChangesError when it is empty."""
        with self.lock:
            settings, changed = self._transactions.committed(name, self.live)
            if settings != self.live:
                document = self._document.following(settings)
                try:
                    self._store.save(document)
                except OSError as error:
                    raise FailedError(f"cannot save settings: {error}") from error
                self._document = document
            self.transactions = self._transactions.without(name)
            return changed


def _load(store: Store) -> Document:
    """The document; an unusable one was dealt with at boot, so the API only starts empty."""
    try:
        return store.load() or Document({})
    except StoreError as error:
        journal.error(str(error))
        return Document({})


def _read_pending(path: str) -> dict[str, Tree]:
    raw = files.read(path)
    try:
        return msgspec.json.decode(raw, type=dict[str, dict[str, Any]]) if raw else {}
    except msgspec.MsgspecError as error:
        journal.warning(f"cannot read pending changes {path}: {error}")
        return {}
