"""Routes that look at transactions and end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.errors import BadRequestError, UnprocessableError
from skyrocket.host.api.message import NOTHING, Answer, Request, data
from skyrocket.host.api.settings import data_key
from skyrocket.host.api.trials import window
from skyrocket.host.store.errors import NoChangesError
from skyrocket.host.store.transactions import DEFAULT
from skyrocket.models import keys
from skyrocket.models.api import ApplyRequest, Result

if TYPE_CHECKING:
    from skyrocket.host.api.state import State


def list_transactions(state: State, _request: Request) -> Answer:
    return data(state.transactions.names())


def get_transaction(state: State, request: Request) -> Answer:
    return data(state.transactions.get(_name(request)))


def delete_transaction(state: State, request: Request) -> Answer:
    name = _name(request)
    with state.lock:
        deleted = state.transactions.changed(name)
        state.transactions = state.transactions.without(name)
    request.keys = deleted
    return data(deleted)


def commit(state: State, request: Request) -> Answer:
    return data(_commit(state, request))


def apply(state: State, request: Request) -> Answer:
    names = request.names("keys")
    if names is None:
        asked = ApplyRequest(all=True)
    else:
        request.keys = [keys.name(data_key(text)) for text in names]
        asked = ApplyRequest(keys=request.keys)
    if request.wants("result"):
        return data(Result(asked.keys, state.current, state.doors.applied(asked)))
    state.doors.apply(asked)
    return NOTHING


def commit_and_apply(state: State, request: Request) -> Answer:
    wants = request.wants("result")
    return followed(state, request, _commit(state, request), wants=wants)


def followed(state: State, request: Request, changed: list[str], *, wants: bool) -> Answer:
    """Have the node follow the CHANGED keys -> these, or what came of it when a client WANTS it."""
    request.keys = changed
    asked, generation = ApplyRequest(keys=changed), state.current
    if wants:
        return data(Result(changed, generation, state.doors.applied(asked)))
    state.doors.apply(asked)
    return data(changed)


def _commit(state: State, request: Request) -> list[str]:
    from skyrocket.models.settings.mistakes import SettingsError

    try:
        request.keys = state.commit(_name(request), request.who, window(request))
    except NoChangesError as error:
        raise UnprocessableError(str(error)) from error
    except SettingsError as error:  # of elements and unset keys: the settings changed meanwhile
        raise BadRequestError(f"Cannot make this change: {error}") from error
    return request.keys


def _name(request: Request) -> str:
    return request.query.get("tx", DEFAULT)
