"""The verb `boot`: from an image and user data to files and started units, in one straight line.

Nothing here stops a boot: a trouble is remembered as a reason why the node is degraded, shown on
the console, and the line goes on with what there is. Later boots take the stored settings.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from skyrocket.host.boot.settle import dated, settle, settle_trial
from skyrocket.host.network import trying
from skyrocket.host.settings import apply, defaults, facts, generators, render, variant
from skyrocket.host.settings.doors import RealHost
from skyrocket.host.settings.errors import SettingsRoomError
from skyrocket.host.settings.user_data import sources
from skyrocket.host.store import schemas
from skyrocket.host.store.errors import StoreError
from skyrocket.host.store.filesystem import FileStore, Store
from skyrocket.host.system import clock, files, journal
from skyrocket.models import boot_parameters
from skyrocket.models.api import StageTimes, Variant
from skyrocket.models.settings import table
from skyrocket.models.settings.mistakes import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.host.store.document import Document
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.group import Facts

T = TypeVar("T")

OUTCOME = "/run/skyrocket/boot.json"


def main(_argv: list[str]) -> int:
    boot = Boot(variant.read(), FileStore(), RealHost(), network=trying.Places())
    outcome = boot.run(
        lambda: defaults.of_variant(boot.schema), lambda: sources.read(boot.schema), facts.read()
    )
    files.replace(OUTCOME, msgspec.json.encode(outcome) + b"\n")
    return 0


class Boot:
    """One boot's settings: its doors, its seconds, its troubles."""

    def __init__(
        self,
        variant: Variant,
        store: Store,
        host: apply.Host,
        sleep: Callable[[float], None] = time.sleep,
        network: trying.Places | None = None,
    ) -> None:
        self.schema = table.load(variant.groups)
        self.degraded: list[str] = []
        self._version = f"{variant.variant_id} {variant.version_id} {variant.build_id}"
        self._store = store
        self._host, self._sleep, self._network = host, sleep, network
        self._seconds: dict[str, float] = {}
        self._since = clock.uptime()

    def run(
        self, read_defaults: Callable[[], Tree], read_user_data: Callable[[], Tree], facts: Facts
    ) -> StageTimes:
        """The straight line: store, defaults, user data, generators, commit, render, apply."""
        self._tried("network", self._settle_network)
        found = self._load()
        first = found is None
        stored = None if found is None else self._tried_out(found)
        lowest: Tree = {}
        if stored is None or stored.filled_by != self._version:
            lowest = self._tried("defaults", read_defaults) or {}
        wanted = None
        if stored is None or not stored.user_data:
            wanted = self._tried("user-data", read_user_data)
        document = settle(
            self.schema, stored, lowest, wanted, lambda t: self._generated(t, facts), self._version
        )
        if document is not stored and document != stored:
            document = dated(document, found, self._store.chain.schema, clock.now())
        if document != found:
            self._tried("commit", lambda: self._store.save(document))
        self._apply(document)
        return StageTimes(self._seconds, self.degraded, first)

    def _settle_network(self) -> None:
        """A net.toml that nobody has confirmed goes back before the settings are looked at."""
        if self._network is not None:
            now, boot = clock.uptime(), clock.boot()
            trying.settle(
                self._network, now, boot, lambda unit: self._host.change_units("restart", [unit])
            )

    def _generated(self, tree: Tree, facts: Facts) -> Tree:
        tree, troubles = generators.fill(self.schema, tree, facts, self._sleep)
        for trouble in troubles:
            self._degrade(trouble)
        return tree

    def _load(self) -> Document | None:
        """What is stored, if it can be used; else it is put aside and the node starts anew."""
        try:
            stored = self._usable(self._store.load())
        except (StoreError, SettingsError) as error:
            aside = self._store.set_aside()
            stored = self._latest_good()
            went_on = f"; went on with generation {stored.generation}" if stored else ""
            kept = f"; kept as {aside}" if aside else ""
            self._degrade(f"{error}{kept}{went_on}")
        self._stage("store")
        return stored

    def _tried_out(self, found: Document) -> Document:
        """FOUND in our schema; a change in it that nobody confirmed goes back before anything."""
        document = schemas.forward(found, self._store.chain)
        if document.trial is None:
            return document
        settled = settle_trial(document, document.trial, clock.uptime(), clock.boot(), clock.now())
        if settled.generation != document.generation:
            names = ", ".join(document.trial.keys)
            journal.warning(f"the change of {names} goes back: {settled.origin.note}")
        return settled

    def _usable(self, document: Document | None) -> Document | None:
        """DOCUMENT when this version can go on with it; else StoreError or SettingsError."""
        if document is not None:
            self.schema.read(schemas.forward(document, self._store.chain).settings)
        return document

    def _latest_good(self) -> Document | None:
        """The latest generation that is whole, now that the current one is not."""
        for entry in reversed(self._tried("history", self._store.history) or []):
            try:
                return self._usable(self._store.generation(entry.generation))
            except (StoreError, SettingsError):
                continue
        return None

    def _apply(self, document: Document) -> None:
        plan = self._tried("render", lambda: render.plan(self.schema, document.settings))
        if plan is None:
            return
        changes = self._tried("compare", lambda: apply.decide_boot(plan, self._host))
        if changes is not None:
            outcome = self._tried("apply", lambda: apply.do(changes, self._host))
            for each in outcome.failed if outcome else ():
                self._degrade(f"cannot {each.what}: {each.reason}")
        self._tried("kernel words", lambda: self._compare_words(document))

    def _compare_words(self, document: Document) -> None:
        """Have the kernel's words looked after when this boot has others than the settings say."""
        raw = self._host.read(boot_parameters.INITRD) or b"{}"
        had = msgspec.json.decode(raw, type=boot_parameters.Firmware).additions
        if boot_parameters.of_settings(document.settings) != had:
            self._host.change_units("start", [boot_parameters.AT_BOOT])

    def _tried(self, stage: str, do: Callable[[], T]) -> T | None:
        """What DO gives; None when it fails, which makes the node degraded."""
        try:
            return do()
        except (SettingsRoomError, SettingsError) as error:
            self._degrade(str(error))
        except Exception as error:  # noqa: BLE001  (a boot goes on whatever a stage meets)
            self._degrade(f"cannot finish stage {stage}: {error}")
        finally:
            self._stage(stage)
        return None

    def _stage(self, name: str) -> None:
        now = clock.uptime()
        self._seconds[name] = round(now - self._since, 3)
        self._since = now

    def _degrade(self, reason: str) -> None:
        journal.error(reason)
        self.degraded.append(reason)
