"""Routes over the change that is on trial, and the watch that takes it back in time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from skyrocket.host.api.errors import ApiError, BadRequestError, UnprocessableError
from skyrocket.host.api.message import Answer, Request, data
from skyrocket.host.system import journal
from skyrocket.models import trials
from skyrocket.models.api import ApplyRequest

if TYPE_CHECKING:
    from skyrocket.host.api.state import State
    from skyrocket.models.trials import Trial

NETWORK = "net.toml"
SHORTEST, LONGEST = 1, 24 * 3600
LOOK_SECONDS = 5.0
"""Pause between looks at most: waiting in Python does not count the time asleep, our clock does."""
NONE = "There is no change on trial"


def get_trial(state: State, _request: Request) -> Answer:
    """The change on trial: its keys, the seconds left; `{}` when there is none."""
    return data(told(state))


def told(state: State) -> dict[str, object]:
    with state.lock:
        trial = state.trial or state.doors.network_trial()
        if trial is None:
            return {}
        left = max(0, round(trial.deadline - state.time.uptime()))
        return {"keys": names(trial), "phase": trial.phase, "seconds_left": left}


def names(trial: Trial) -> list[str]:
    """What is on TRIAL: full names of keys, or the one file."""
    return [key if key == NETWORK else f"settings.{key}" for key in trial.keys]


def confirm(state: State, request: Request) -> Answer:
    """Keep the change that is on trial."""
    with state.lock:
        trial, network = state.trial, state.doors.network_trial()
        tried = trial or network
        if tried is None or tried.phase == "returning":
            raise UnprocessableError(NONE)
        if trials.judge(tried, state.time.uptime(), state.time.boot()) != "wait":
            raise UnprocessableError("The time to confirm is over: the change is taken back")
        if trial is not None:
            state.set_trial(None)
        else:
            state.doors.keep_network_trial(None)
        request.keys = names(tried)
        return data(request.keys)


def cancel(state: State, request: Request) -> Answer:
    """Take the change that is on trial back now."""
    with state.lock:
        trial, network = state.trial, state.doors.network_trial()
        if trial is None and network is not None:
            state.doors.return_network(network)
            request.keys = names(network)
            return data(request.keys)
        if trial is None:
            raise UnprocessableError(NONE)
        if trial.phase != "returning":
            state.take_back("cancelled")
    step(state)
    state.watch()
    request.keys = names(trial)
    return data(request.keys)


def window(request: Request) -> int | None:
    """The seconds a change may be on trial, when REQUEST wants that."""
    text = request.query.get("confirm_within")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadRequestError(f"Input 'confirm_within' is no number of seconds: '{text}'")
    if not SHORTEST <= int(text) <= LONGEST:
        raise BadRequestError(f"Input 'confirm_within' is not {SHORTEST} to {LONGEST}: '{text}'")
    return int(text)


def step(state: State) -> float | None:
    """Do what the trials need now -> the seconds until one may need something; None: no more."""
    left = [each for each in (_step(state), _step_network(state)) if each is not None]
    return min(left, default=None)


def _step(state: State) -> float | None:
    try:
        with state.lock:
            trial = state.trial
            if trial is None:
                return None
            now = state.time.uptime()
            verdict = trials.judge(trial, now, state.time.boot())
            if verdict == "wait":
                return trial.deadline - now
            if verdict == "take back":
                state.take_back("not confirmed in time")
        _follow(state, trial.keys)
    except ApiError as error:
        journal.error(f"cannot take the unconfirmed change back yet: {error}")
        return LOOK_SECONDS
    return None


def _step_network(state: State) -> float | None:
    """The same for net.toml: what follows from it, systemd does by itself."""
    try:
        with state.lock:
            trial = state.doors.network_trial()
            if trial is None:
                return None
            now = state.time.uptime()
            if trials.judge(trial, now, state.time.boot()) == "wait":
                return trial.deadline - now
            state.doors.return_network(trial)
    except ApiError as error:
        journal.error(f"cannot take the unconfirmed network back yet: {error}")
        return LOOK_SECONDS
    return None


def _follow(state: State, names: tuple[str, ...]) -> None:
    """Have the node follow the earlier values; only then is the trial over."""
    outcome = state.doors.applied(ApplyRequest(keys=[f"settings.{name}" for name in names]))
    if not outcome.ok:
        journal.error(f"not all of the earlier settings could be applied: {outcome.error}")
    with state.lock:
        if state.trial is not None and state.trial.phase == "returning":
            state.set_trial(None)


class Watch:
    """A thread that is there while a change is on trial."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._runs = False

    def wake(self) -> None:
        """Look at once, unless the watch is up already."""
        with self._lock:
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._look, name="trial", daemon=True).start()

    def _look(self) -> None:
        pause = threading.Event()
        while True:
            try:
                seconds = step(self._state)
            except Exception as error:  # noqa: BLE001  (a watch that ends strands the node)
                journal.error(f"cannot look after the change on trial: {error!r}")
                seconds = LOOK_SECONDS
            with self._lock:
                if seconds is None and not told(self._state):
                    self._runs = False
                    return
            pause.wait(min(LOOK_SECONDS, max(0.01, seconds or 0)))
