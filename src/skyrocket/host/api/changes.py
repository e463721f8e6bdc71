"""Whole changes as clients ask for them: values, keys to unset, elements; and plans of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.errors import BadRequestError
from skyrocket.host.api.history import number, settings_of
from skyrocket.host.api.message import NOTHING, Answer, Request, data
from skyrocket.host.api.settings import data_key, paired
from skyrocket.host.store.transactions import DEFAULT
from skyrocket.models import keys
from skyrocket.models.changes import Asked, Change, joined

if TYPE_CHECKING:
    from typing import Any

    from skyrocket.host.api.state import State
    from skyrocket.models.keys import Key, Tree


def patch_change(state: State, request: Request) -> Answer:
    """Put a change into transaction `tx`, on top of what is pending there."""
    from skyrocket.models.settings.mistakes import SettingsError

    name = request.query.get("tx", DEFAULT)
    try:
        change = asked(state, request)
        with state.lock:
            pending = state.transactions.changed_by(name, change)
            state.wanted(pending.change(name))
            state.transactions = pending
            request.keys = pending.changed(name)
    except SettingsError as error:
        raise BadRequestError(f"Cannot make this change: {error}") from error
    return NOTHING


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


def asked(state: State, request: Request) -> Change:
    """The change in the body of REQUEST, every key of it known; 400, or SettingsError."""
    body = request.json(Asked)
    settings = keys.merge(body.settings, paired(body.pairs))
    return joined(
        Change(state.schema.check(settings)),
        Change(
            unset=tuple(_known(state, text) for text in body.unset),
            add=_elements(state, body.add),
            remove=_elements(state, body.remove),
        ),
    )


def _elements(state: State, lists: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {_known(state, text): elements for text, elements in lists.items() if elements}


def _known(state: State, text: str) -> str:
    """The key TEXT without `settings.`, in the spelling that is kept."""
    key: Key = data_key(text)
    key = key[1:] if key[0] == "settings" else key
    if not key:
        raise BadRequestError(f"Unable to make data key '{text}': it names all settings")
    return keys.name(state.schema.kept(key))
