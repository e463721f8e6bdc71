"""The route that says what a change would do, and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.errors import BadRequestError
from skyrocket.host.api.message import Answer, Request, data
from skyrocket.models.changes import Change

if TYPE_CHECKING:
    from skyrocket.host.api.state import State


def post_plan(state: State, request: Request) -> Answer:
    """What the change in the body would do, or that of the transaction `tx`."""
    from skyrocket.host.settings import preview
    from skyrocket.models.keys import KeyMistakeError
    from skyrocket.models.settings.mistakes import SettingsError

    name = request.query.get("tx")
    change = request.json(Change) if name is None else state.transactions.change(name)
    try:
        wanted = state.wanted(change)
        live, generation = state.live, state.current
        return data(preview.preview(state.schema, live, wanted, state.host, generation))
    except (SettingsError, KeyMistakeError) as error:
        raise BadRequestError(f"Cannot plan this change: {error}") from error
