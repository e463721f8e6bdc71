"""Routes that look at transactions and end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.errors import UnprocessableError
from skyrocket.host.api.message import NOTHING, Answer, Request, data
from skyrocket.host.api.settings import data_key
from skyrocket.host.store.errors import NoChangesError
from skyrocket.host.store.transactions import DEFAULT
from skyrocket.models import keys
from skyrocket.models.api import ApplyRequest

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
        state.doors.apply(ApplyRequest(all=True))
    else:
        request.keys = [keys.name(data_key(text)) for text in names]
        state.doors.apply(ApplyRequest(keys=request.keys))
    return NOTHING


def commit_and_apply(state: State, request: Request) -> Answer:
    changed = _commit(state, request)
    state.doors.apply(ApplyRequest(keys=changed))
    return data(changed)


def _commit(state: State, request: Request) -> list[str]:
    try:
        request.keys = state.commit(_name(request), request.who)
    except NoChangesError as error:
        raise UnprocessableError(str(error)) from error
    return request.keys


def _name(request: Request) -> str:
    return request.query.get("tx", DEFAULT)
