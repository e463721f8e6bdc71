"""Routes of updates: the status document, and four commands that the updater carries out.

The API reads what the updater left and asks it over its socket; it can touch no slot itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.api.errors import NotFoundError
from skyrocket.host.api.message import NOTHING, Answer, Request

if TYPE_CHECKING:
    from skyrocket.host.api.state import State
    from skyrocket.models.update_status import Verb

UNINITIALIZED = "Update status is uninitialized, refresh-updates to initialize it"


def get_status(state: State, _request: Request) -> Answer:
    """Upstream's document, as it is true in this boot."""
    found = state.doors.update_status(state.variant)
    if found is None:
        raise NotFoundError(UNINITIALIZED)
    return Answer(200, msgspec.json.encode(found))


def refresh(state: State, _request: Request) -> Answer:
    return _start(state, "refresh")


def prepare(state: State, _request: Request) -> Answer:
    return _start(state, "prepare")


def activate(state: State, _request: Request) -> Answer:
    return _start(state, "activate")


def deactivate(state: State, _request: Request) -> Answer:
    return _start(state, "deactivate")


def _start(state: State, command: Verb) -> Answer:
    said = state.doors.update(command)
    return NOTHING if said.ok else Answer(said.status, said.error.encode())
