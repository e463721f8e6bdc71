"""What the API process knows: live settings, pending transactions, the variant, its doors.

One lock around all of it: requests are short and few. Pending transactions are also kept in a
file under /run, so that a restart of the API loses none; a reboot does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import msgspec

from skyrocket.host.api.errors import BadRequestError, ConflictError, FailedError
from skyrocket.host.store import schemas
from skyrocket.host.store.document import Document
from skyrocket.host.store.errors import NoChangesError, StoreError
from skyrocket.host.store.transactions import Transactions
from skyrocket.host.system import clock, files, journal
from skyrocket.models import changes, keys, trials
from skyrocket.models.generations import Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from skyrocket.host.api.doors import Doors
    from skyrocket.host.api.gate import Gate
    from skyrocket.host.settings.apply import Reader
    from skyrocket.host.store.filesystem import Store
    from skyrocket.models.api import Variant
    from skyrocket.models.changes import Change
    from skyrocket.models.generations import Entry
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.table import Schema
    from skyrocket.models.trials import Trial

PENDING = "/run/skyrocket/api/pending.json"


class Clock(Protocol):
    """The door to the node's clocks; `host.system.clock` is one."""

    def uptime(self) -> float: ...
    def boot(self) -> str: ...
    def now(self) -> str: ...


class State:
    """Everything a route may touch."""

    __slots__ = ("_document", "_host", "_pending", "_schema", "_store", "_transactions", "doors",
                 "gate", "lock", "time", "variant", "watch")  # fmt: skip

    def __init__(
        self,
        store: Store,
        variant: Variant,
        doors: Doors,
        gate: Gate,
        pending: str = PENDING,
        host: Reader | None = None,
        time: Clock = clock,
    ) -> None:
        self.lock = threading.RLock()
        self.variant = variant
        self.doors = doors
        self.gate = gate
        self._store = store
        self._pending = pending
        self._document = _load(store)
        self._transactions = Transactions(_read_pending(pending))
        self._schema: Schema | None = None
        self._host = host
        self.time = time
        self.watch: Callable[[], None] = _nobody

    @property
    def schema(self) -> Schema:
        """The variant's settings; their modules are imported when first asked for."""
        with self.lock:
            if self._schema is None:
                from skyrocket.models.settings import table

                self._schema = table.load(self.variant.groups)
            return self._schema

    @property
    def host(self) -> Reader:
        """What plans compare with; imported when one is first asked for."""
        with self.lock:
            if self._host is None:
                from skyrocket.host.settings.doors import RealHost

                self._host = RealHost()
            return self._host

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

    def history(self) -> list[Entry]:
        return self._store.history()

    def generation(self, number: int) -> Document:
        """Generation NUMBER in our schema; NoGenerationError when it is not kept."""
        return schemas.forward(self._store.generation(number), self._store.chain)

    @property
    def current(self) -> int:
        """The number of the live generation."""
        return self._document.generation

    def wanted(self, change: Change) -> Tree:
        """The live settings with CHANGE; raise SettingsError when they would be none."""
        defaults = self._defaults() if change.unset else {}
        tree = self.schema.check(changes.applied(self.live, change, defaults))
        self.refuse_words(tree)
        return tree

    def refuse_words(self, tree: Tree) -> None:
        """400 when TREE asks for words that this machine's kernel will not be given."""
        from skyrocket.models import boot_parameters
        from skyrocket.models.boot_parameters import Firmware

        before, wanted = (boot_parameters.of_settings(each) for each in (self.live, tree))
        if wanted == before:
            return
        raw = self.host.read(boot_parameters.INITRD) or b"{}"
        reason = boot_parameters.refusal(wanted, msgspec.json.decode(raw, type=Firmware))
        if reason:
            raise BadRequestError(f"Unable to give the kernel {' '.join(wanted)}: {reason}")

    def commit(self, name: str, who: str = "", window: float | None = None) -> list[str]:
        """Make transaction NAME live -> its keys; NoChangesError when it is empty.

        With a WINDOW of seconds the change is on trial.
        """
        with self.lock:
            change = self._transactions.change(name)
            changed = self._transactions.changed(name)
            if not changed:
                raise NoChangesError
            edits = change.unset or change.add or change.remove
            settings = self.wanted(change) if edits else keys.merge(self.live, change.settings)
            noted = self._noted(change, settings)
            self._keep(settings, Origin("api", who), window, noted)
            self.transactions = self._transactions.without(name)
            return changed

    def _noted(self, change: Change, settings: Tree) -> dict[str, Any]:
        """What of SETTINGS is still the image's choice after CHANGE."""
        noted = self._document.weak
        if not noted and not change.unset:
            return noted
        from skyrocket.host.settings import weak

        return weak.after(self.schema if change.unset else None, change, noted, settings)

    def roll_back(self, number: int, who: str = "", window: float | None = None) -> list[str]:
        """Make the settings of generation NUMBER live again -> the keys that change."""
        with self.lock:
            settings = self.schema.check(self.generation(number).settings)
            self.refuse_words(settings)
            before, after = keys.flatten(self.live), keys.flatten(settings)
            changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
            self._keep(settings, Origin("rollback", who, f"to generation {number}"), window)
            return sorted(keys.name(("settings", *key)) for key in changed)

    @property
    def trial(self) -> Trial | None:
        """The change that nobody has confirmed yet."""
        return self._document.trial

    def set_trial(self, trial: Trial | None) -> None:
        """Keep what there is to know of the trial; the settings stay."""
        with self.lock:
            self._save(msgspec.structs.replace(self._document, trial=trial))

    def take_back(self, why: str) -> None:
        """Give the keys on trial their earlier values; the node has still to follow them."""
        with self.lock:
            trial = self._document.trial
            if trial is not None:
                journal.warning(f"the change of {', '.join(trial.keys)} goes back: {why}")
                self._save(self._document.taken_back(trial, why, self.time.now()))

    def _keep(
        self,
        settings: Tree,
        origin: Origin,
        window: float | None = None,
        noted: dict[str, Any] | None = None,
    ) -> None:
        trial = self._document.trial
        if window is not None:
            if trial is not None or self.doors.network_trial() is not None:
                raise ConflictError("Another change is on trial: confirm or cancel it first")
            trial = self._begin(settings, window)
        elif trial is not None:
            trial = trials.after_commit(trial, self.live, settings)
        weak = self._document.weak if noted is None else noted
        if settings != self.live:
            following = self._document.following(settings, origin, self.time.now())
            self._save(msgspec.structs.replace(following, trial=trial, weak=weak))
        elif weak != self._document.weak:
            self._save(msgspec.structs.replace(self._document, weak=weak))
        if window is not None and trial is not None:
            self.watch()

    def _begin(self, settings: Tree, window: float) -> Trial | None:
        return trials.begin(self.live, settings, window, self.time.uptime(), self.time.boot())

    def _save(self, document: Document) -> None:
        try:
            self._store.save(document)
        except OSError as error:
            raise FailedError(f"cannot save settings: {error}") from error
        self._document = document

    def _defaults(self) -> Tree:
        """What a key has that nobody sets: the variant's default, else what a generator makes."""
        from skyrocket.host.settings import defaults, facts, generators

        filled = defaults.of_variant(self.schema)
        tree, troubles = generators.fill(self.schema, filled, facts.read())
        for trouble in troubles:
            journal.warning(trouble)
        return tree


def _nobody() -> None:
    """Nobody watches over trials: a State by itself does not."""


def _load(store: Store) -> Document:
    """The document; an unusable one was dealt with at boot, so the API only starts empty."""
    try:
        document = store.load() or Document({}, schema=store.chain.schema)
        return schemas.forward(document, store.chain)
    except StoreError as error:
        journal.error(str(error))
        return Document({}, schema=store.chain.schema)


def _read_pending(path: str) -> dict[str, Change]:
    raw = files.read(path)
    try:
        return changes.decode(raw) if raw else {}
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        journal.warning(f"cannot read pending changes {path}: {error}")
        return {}
