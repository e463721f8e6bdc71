"""The verb `apply`: on request, bring files and units in line with the committed settings."""

from __future__ import annotations

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

OUTCOME = "/run/skyrocket/apply.json"


def main(_argv: list[str]) -> int:
    schema = table.load(variant.read().groups)
    store, host = FileStore(), RealHost()

    def answer(line: bytes) -> bytes:
        outcome = msgspec.json.encode(carry_out(line, schema, store, host))
        files.replace(OUTCOME, outcome + b"\n")
        return outcome

    return requests.serve(answer)


def carry_out(line: bytes, schema: table.Schema, store: Store, host: apply.Host) -> ApplyResult:
    """Do what the request in LINE asks; its troubles are in the result and in the journal."""
    try:
        request = msgspec.json.decode(line, type=ApplyRequest)
        document = store.load()
        settings = schemas.forward(document, store.chain).settings if document else {}
        names = None if request.all else render.groups_of(request.keys)
        changes = apply.decide(render.plan(schema, settings, names), host)
        outcome = apply.do(changes, host)
    except (msgspec.MsgspecError, StoreError, SettingsError) as error:
        return _failed(f"cannot apply settings: {error}")
    except Exception as error:  # noqa: BLE001  (whatever a file system or systemd says)
        return _failed(f"cannot apply settings: {error}")
    return _told(outcome)


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
