"""Routes that make the node do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.message import NOTHING, Answer, Request

if TYPE_CHECKING:
    from skyrocket.host.api.state import State


def reboot(state: State, _request: Request) -> Answer:
    state.doors.reboot()
    return NOTHING
