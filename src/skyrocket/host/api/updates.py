"""Routes of updates: status, history, and five commands that the updater carries out.

The API reads what the updater left and asks it over its socket; it can touch no slot itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.api.errors import NotFoundError
from skyrocket.host.api.message import NOTHING, Answer, Request, data

if TYPE_CHECKING:
    from skyrocket.host.api.state import State
    from skyrocket.models.update_status import Order

UNINITIALIZED = "Update status is uninitialized, refresh-updates to initialize it"


def get_status(state: State, _request: Request) -> Answer:
    """Upstream's document, as it is true in this boot."""
    found = state.doors.update_status(state.variant)
    if found is None:
        raise NotFoundError(UNINITIALIZED)
    return Answer(200, msgspec.json.encode(found))


def get_history(state: State, _request: Request) -> Answer:
    """What was tried on this node, the last one last."""
    return data(state.doors.update_history())


def get_checks(state: State, _request: Request) -> Answer:
    """What this boot must meet to be kept, and how far it is; `[]` before health has looked."""
    return data(state.doors.update_checks())


def refresh(state: State, _request: Request) -> Answer:
    return _start(state, "refresh")


def prepare(state: State, _request: Request) -> Answer:
    return _start(state, "prepare")


def activate(state: State, _request: Request) -> Answer:
    return _start(state, "activate")


def deactivate(state: State, _request: Request) -> Answer:
    return _start(state, "deactivate")


def roll_back(state: State, _request: Request) -> Answer:
    """Ours: the other slot's version boots next, with the settings as they are."""
    return _start(state, "rollback")


def _start(state: State, command: Order) -> Answer:
    said = state.doors.update(command)
    return NOTHING if said.ok else Answer(said.status, said.error.encode())
