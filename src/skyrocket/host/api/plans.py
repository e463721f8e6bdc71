"""The route that says what a change would do, and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.changes import asked
from skyrocket.host.api.errors import BadRequestError
from skyrocket.host.api.history import number, settings_of
from skyrocket.host.api.message import Answer, Request, data

if TYPE_CHECKING:
    from skyrocket.host.api.state import State
    from skyrocket.models.keys import Tree


def post_plan(state: State, request: Request) -> Answer:
    """What a change would do: the body, transaction `tx`, or going back to `generation`."""
    from skyrocket.host.settings import preview
    from skyrocket.models.settings.mistakes import SettingsError

    try:
        wanted = _wanted(state, request)
        live, generation = state.live, state.current
        return data(preview.preview(state.schema, live, wanted, state.host, generation))
    except SettingsError as error:
        raise BadRequestError(f"Cannot plan this change: {error}") from error


def _wanted(state: State, request: Request) -> Tree:
    """The settings there would be: those of a `generation`, or live ones with a change."""
    if "generation" in request.query:
        return settings_of(state, number(request, "generation"))
    name = request.query.get("tx")
    change = asked(state, request) if name is None else state.transactions.change(name)
    return state.wanted(change)
