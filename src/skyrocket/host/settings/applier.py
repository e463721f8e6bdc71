"""The verb `apply`: on request, bring files and units in line with the committed settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.settings import apply, render, variant
from skyrocket.host.settings.doors import RealHost
from skyrocket.host.store import schemas
from skyrocket.host.store.errors import StoreError
from skyrocket.host.store.filesystem import FileStore, Store
from skyrocket.host.system import files, journal, requests
from skyrocket.models.api import ApplyRequest, ApplyResult
from skyrocket.models.settings import table
from skyrocket.models.settings.mistakes import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from skyrocket.models.keys import Tree

OUTCOME = "/run/skyrocket/apply.json"


def main(_argv: list[str]) -> int:
    groups = variant.read().groups
    store, host = FileStore(), RealHost()

    def answer(line: bytes) -> bytes:
        outcome = msgspec.json.encode(carry_out(line, groups, store, host))
        files.replace(OUTCOME, outcome + b"\n")
        return outcome

    return requests.serve(answer)


def carry_out(
    line: bytes, groups: Collection[str] | None, store: Store, host: apply.Host
) -> ApplyResult:
    """Do what the request in LINE asks of a variant's GROUPS; None: it has all there are.

    Its troubles are in the result and in the journal.
    """
    try:
        request = msgspec.json.decode(line, type=ApplyRequest)
        document = store.load()
        settings = schemas.forward(document, store.chain).settings if document else {}
        every = table.GROUPS if groups is None else groups
        touched = every if request.all else render.groups_of(request.keys)
        plan = _plan([name for name in every if name in touched], settings)
        outcome = apply.do(apply.decide(plan, host), host)
    except (msgspec.MsgspecError, StoreError, SettingsError) as error:
        return _failed(f"cannot apply settings: {error}")
    except Exception as error:  # noqa: BLE001  (whatever a file system or systemd says)
        return _failed(f"cannot apply settings: {error}")
    return _told(outcome)


def _plan(names: Collection[str], settings: Tree) -> render.Plan:
    """What SETTINGS mean for the groups NAMES.

    No other is imported: a start for one key of one group must not cost all of them.
    """
    schema = table.load(names)
    return render.plan(schema, {name: settings[name] for name in names if name in settings})


def _told(outcome: apply.Outcome) -> ApplyResult:
    units = [*outcome.restarted, *outcome.reloaded]
    journal.info(f"applied: files {list(outcome.changed_files)}, units {units}")
    for each in outcome.failed:
        journal.error(f"cannot {each.what}: {each.reason}")
    error = "; ".join(f"cannot {each.what}: {each.reason}" for each in outcome.failed)
    return ApplyResult(
        ok=not outcome.failed,
        error=error or None,
        changed_files=list(outcome.changed_files),
        restarted=list(outcome.restarted),
        stopped=list(outcome.stopped),
        failed=list(outcome.failed),
        reloaded=list(outcome.reloaded),
    )


def _failed(text: str) -> ApplyResult:
    journal.error(text)
    return ApplyResult(ok=False, error=text)
