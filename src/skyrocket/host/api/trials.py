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

SHORTEST, LONGEST = 1, 24 * 3600
LOOK_SECONDS = 5.0
"""Pause between looks at most: waiting in Python does not count the time asleep, our clock does."""
NONE = "There is no change on trial"


def get_trial(state: State, _request: Request) -> Answer:
    """The change on trial: its keys, the seconds left; `{}` when there is none."""
    return data(told(state))


def told(state: State) -> dict[str, object]:
    with state.lock:
        trial = state.trial
        if trial is None:
            return {}
        left = max(0, round(trial.deadline - state.time.uptime()))
        names = [f"settings.{name}" for name in trial.keys]
        return {"keys": names, "phase": trial.phase, "seconds_left": left}


def confirm(state: State, request: Request) -> Answer:
    """Keep the change that is on trial."""
    with state.lock:
        trial = state.trial
        if trial is None or trial.phase == "returning":
            raise UnprocessableError(NONE)
        if trials.judge(trial, state.time.uptime(), state.time.boot()) != "wait":
            raise UnprocessableError("The time to confirm is over: the change is taken back")
        state.set_trial(None)
        request.keys = [f"settings.{name}" for name in trial.keys]
        return data(request.keys)


def cancel(state: State, request: Request) -> Answer:
    """Take the change that is on trial back now."""
    with state.lock:
        trial = state.trial
        if trial is None:
            raise UnprocessableError(NONE)
        if trial.phase != "returning":
            state.take_back("cancelled")
    step(state)
    state.watch()
    request.keys = [f"settings.{name}" for name in trial.keys]
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
    """Do what the trial needs now -> the seconds until it may need something; None: no more."""
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
                if seconds is None and self._state.trial is None:
                    self._runs = False
                    return
            pause.wait(min(LOOK_SECONDS, max(0.01, seconds or 0)))
