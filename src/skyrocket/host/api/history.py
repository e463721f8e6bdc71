"""Routes over the generations of the settings: which there are, how two differ, going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.errors import BadRequestError, NotFoundError
from skyrocket.host.api.message import Answer, Request, data
from skyrocket.host.store.errors import NoGenerationError
from skyrocket.models.api import ApplyRequest

if TYPE_CHECKING:
    from skyrocket.host.api.state import State
    from skyrocket.models.keys import Tree


def get_history(state: State, _request: Request) -> Answer:
    return data(state.history())


def get_difference(state: State, request: Request) -> Answer:
    """The values in which generation `from` and generation `to` differ."""
    from skyrocket.host.settings import preview

    before, after = (_settings(state, _number(request, name)) for name in ("from", "to"))
    return data(preview.different(before, after))


def roll_back(state: State, request: Request) -> Answer:
    """The settings of generation `to` once more, as a new generation."""
    from skyrocket.models.settings.mistakes import SettingsError

    try:
        changed = state.roll_back(_number(request, "to"), request.who)
    except NoGenerationError as error:
        raise NotFoundError(str(error)) from error
    except SettingsError as error:
        raise BadRequestError(f"This version cannot hold these settings: {error}") from error
    request.keys = changed
    state.doors.apply(ApplyRequest(keys=changed))
    return data(changed)


def _settings(state: State, number: int) -> Tree:
    try:
        return state.generation(number).settings
    except NoGenerationError as error:
        raise NotFoundError(str(error)) from error


def _number(request: Request, name: str) -> int:
    text = request.query.get(name, "")
    if not text:
        raise BadRequestError(f"Missing required input '{name}'")
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise BadRequestError(f"Input '{name}' is no generation: '{text}'")
    return int(text)
