"""The table of routes, and how a request finds its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api import (
    absent,
    actions,
    changes,
    history,
    model,
    settings,
    transactions,
    trials,
    updates,
)
from skyrocket.host.api.errors import ApiError
from skyrocket.host.api.message import Answer, Request, failure
from skyrocket.host.system import journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.host.api.state import State

    Handler = Callable[[State, Request], Answer]

EXEC = "/exec"

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/"): model.get_model,
    ("GET", "/os"): model.get_os,
    ("GET", "/status"): model.get_status,
    ("GET", "/settings"): settings.get_settings,
    ("PATCH", "/settings"): settings.patch_settings,
    ("PATCH", "/settings/keypair"): settings.patch_keypairs,
    ("PATCH", "/settings/change"): changes.patch_change,
    ("GET", "/tx"): transactions.get_transaction,
    ("DELETE", "/tx"): transactions.delete_transaction,
    ("GET", "/tx/list"): transactions.list_transactions,
    ("POST", "/tx/commit"): transactions.commit,
    ("POST", "/tx/apply"): transactions.apply,
    ("POST", "/tx/commit_and_apply"): transactions.commit_and_apply,
    ("GET", "/services"): model.get_services,
    ("GET", "/configuration-files"): model.get_configuration_files,
    ("GET", "/metadata/affected-services"): model.get_affected_services,
    ("GET", "/metadata/setting-generators"): model.get_setting_generators,
    ("GET", "/metadata/templates"): model.get_templates,
    ("POST", "/plan"): changes.post_plan,
    ("GET", "/history"): history.get_history,
    ("GET", "/history/diff"): history.get_difference,
    ("POST", "/history/rollback"): history.roll_back,
    ("GET", "/trial"): trials.get_trial,
    ("POST", "/trial/confirm"): trials.confirm,
    ("POST", "/trial/cancel"): trials.cancel,
    ("POST", "/actions/reboot"): actions.reboot,
    ("GET", "/updates/status"): updates.get_status,
    ("GET", "/updates/history"): updates.get_history,
    ("GET", "/updates/checks"): updates.get_checks,
    ("POST", "/actions/refresh-updates"): updates.refresh,
    ("POST", "/actions/prepare-update"): updates.prepare,
    ("POST", "/actions/activate-update"): updates.activate,
    ("POST", "/actions/deactivate-update"): updates.deactivate,
    ("POST", "/actions/rollback-update"): updates.roll_back,
    ("POST", "/actions/ephemeral-storage/init"): absent.storage,
    ("POST", "/actions/ephemeral-storage/bind"): absent.storage,
    ("GET", "/actions/ephemeral-storage/list-disks"): absent.storage,
    ("GET", "/actions/ephemeral-storage/list-dirs"): absent.storage,
    ("POST", "/actions/network/configure"): actions.configure_network,
    ("GET", "/report"): absent.list_reports,
    ("GET", "/report/cis"): absent.report,
    ("GET", "/report/fips"): absent.report,
}


def answer(state: State, request: Request) -> Answer:
    """What ROUTES say to REQUEST; every trouble becomes an answer too."""
    handler = ROUTES.get((request.method, request.path))
    if handler is None:
        return Answer(405 if request.path == EXEC else 404)
    try:
        return state.gate.ask(state, request, handler)
    except ApiError as error:
        return failure(error)
    except Exception as error:  # noqa: BLE001  (one bad request must not end the API)
        journal.error(f"{request.method} {request.path}: {error!r}")
        return Answer(500, b"Internal error")
