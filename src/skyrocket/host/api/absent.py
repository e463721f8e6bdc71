"""Endpoints of Bottlerocket's whose engine this version does not have: they say so.

501 is no status of upstream's, on purpose: none of its own would be true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.message import Answer, Request, data

if TYPE_CHECKING:
    from skyrocket.host.api.state import State

STORAGE = b"This version does not manage ephemeral storage yet"
REPORTS = b"This version makes no reports yet"


def storage(_state: State, _request: Request) -> Answer:
    return Answer(501, STORAGE)


def list_reports(_state: State, _request: Request) -> Answer:
    """The reports there are: none."""
    return data([])


def report(_state: State, _request: Request) -> Answer:
    return Answer(501, REPORTS)
