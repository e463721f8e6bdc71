"""Routes that make the node do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.errors import ApiError, BadRequestError, ConflictError
from skyrocket.host.api.message import NOTHING, Answer, Request
from skyrocket.host.api.trials import window
from skyrocket.host.system import journal
from skyrocket.models import trials

if TYPE_CHECKING:
    from skyrocket.host.api.state import State
    from skyrocket.models.trials import Phase


def reboot(state: State, _request: Request) -> Answer:
    _restarting(state, "restarting")
    try:
        state.doors.reboot()
    except ApiError:
        _restarting(state, "waiting")
        raise
    return NOTHING


def configure_network(state: State, request: Request) -> Answer:
    """Keep the body as the node's net.toml, which systemd waits for; mistakes are all said."""
    from skyrocket.models import net_config
    from skyrocket.models.settings.mistakes import SettingsError

    try:
        net_config.parse(request.body)
    except SettingsError as error:
        raise BadRequestError(f"Unable to use network configuration: {error}") from error
    seconds = window(request)
    with state.lock:
        if seconds is None:
            state.doors.configure_network(request.body)
            return NOTHING
        if state.trial is not None or state.doors.network_trial() is not None:
            raise ConflictError("Another change is on trial: confirm or cancel it first")
        since = (state.time.uptime(), state.time.boot())
        state.doors.configure_network(request.body, (float(seconds), *since))
    state.watch()
    return NOTHING


def _restarting(state: State, phase: Phase) -> None:
    """Note that this boot ends in order, or not: a change on trial then gets a second window."""
    with state.lock:
        try:
            if state.trial is not None and state.trial.phase != "returning":
                state.set_trial(trials.in_phase(state.trial, phase))
            tried = state.doors.network_trial()
            if tried is not None:
                state.doors.keep_network_trial(trials.in_phase(tried, phase))
        except ApiError as error:
            journal.error(f"the change on trial will go back with this boot: {error}")
