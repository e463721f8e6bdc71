"""Routes of updates: upstream's document, statuses and texts."""

from __future__ import annotations

import json

import pytest
from fakes.api_node import Doors, state

from skyrocket.host.api.errors import LockedError
from skyrocket.host.api.message import Request
from skyrocket.host.api.routes import answer
from skyrocket.models.api import UpdateAnswer
from skyrocket.models.update_status import Status


class Updater(Doors):
    """Doors behind which an updater says what it is told to."""

    def __init__(self, said=None, status=None, held=False):
        super().__init__()
        self.said, self.status, self.held = said or UpdateAnswer(ok=True), status, held

    def update(self, command):
        self._note(("update", command))
        return self.said

    def update_status(self, variant):
        if self.held:
            raise LockedError("Unable to obtain shared lock for reading update status: held")
        return self.status


def ask(tmp_path, doors, method, path):
    found = answer(state(tmp_path, doors=doors), Request(method, path))
    return found.status, found.body


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/actions/refresh-updates", "refresh"),
        ("/actions/prepare-update", "prepare"),
        ("/actions/activate-update", "activate"),
        ("/actions/deactivate-update", "deactivate"),
        ("/actions/rollback-update", "rollback"),
    ],
)
def test_an_action_starts_its_command(tmp_path, path, command):
    doors = Updater()
    assert ask(tmp_path, doors, "POST", path) == (204, b"")
    assert doors.asked == [("update", command)]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (423, "Update lock held"),
        (409, "Update action not allowed according to update state"),
        (404, "No update image applied to staging partition"),
    ],
)
def test_a_command_that_was_not_started_says_so_in_upstreams_words(tmp_path, status, text):
    doors = Updater(UpdateAnswer(ok=False, status=status, error=text))
    found = ask(tmp_path, doors, "POST", "/actions/prepare-update")
    assert found == (status, text.encode())


def test_the_status_is_upstreams_document(tmp_path):
    status, body = ask(tmp_path, Updater(status=Status("Available", ("1.1.0",))), "GET",
                       "/updates/status")  # fmt: skip
    assert status == 200
    assert json.loads(body)["update_state"] == "Available"


def test_before_the_first_look_there_is_no_status(tmp_path):
    assert ask(tmp_path, Updater(), "GET", "/updates/status") == (
        404,
        b"Update status is uninitialized, refresh-updates to initialize it",
    )


def test_while_a_command_runs_the_status_is_locked(tmp_path):
    status, body = ask(tmp_path, Updater(held=True), "GET", "/updates/status")
    assert (status, body[:28]) == (423, b"Unable to obtain shared lock")
