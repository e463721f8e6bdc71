"""A change on trial, over the routes, on a node whose clock the tests turn."""

import json
import time

import pytest
from fakes import api_node
from fakes.settings_host import FakeHost
from fakes.trial_clock import Clock

from skyrocket.host.api import routes, trials
from skyrocket.host.api.errors import FailedError
from skyrocket.host.api.message import Request
from skyrocket.host.api.state import State
from skyrocket.host.boot.sequence import Boot
from skyrocket.host.store.document import Document
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.api import Variant
from skyrocket.models.settings.group import Facts

OLD, NEW = {"motd": "old", "ntp": {"options": ["a"]}}, {"motd": "new"}
FACTS = Facts("machine", 4100)


class SmallStore(MemoryStore):
    """Like a disk: full from time to time."""

    full = False

    def save(self, document):
        if self.full:
            raise OSError(28, "No space left on device")
        super().save(document)


class Node:
    """One node over restarts of its API and of itself: the real state, routes and boot."""

    def __init__(self, tmp_path, monkeypatch):
        self.clock, self.doors, self.store = Clock(), api_node.Doors(), SmallStore()
        self.store.save(Document(OLD, generation=1, user_data=True, filled_by="v"))
        self._pending = str(tmp_path / "pending.json")
        monkeypatch.setattr("skyrocket.host.boot.sequence.clock", self.clock)
        self.start_api()

    def start_api(self):
        """As after a kill: nothing but the store is left."""
        host = FakeHost()
        self.state = State(
            self.store, Variant(), self.doors, api_node.open_gate(), self._pending, host, self.clock
        )

    def reboot(self):
        """Another boot: first its settings, then its API."""
        self.clock.name, self.clock.seconds = f"{self.clock.name}+", 3.0
        self.host = FakeHost()
        boot = Boot(Variant(), self.store, self.host)
        boot.run(dict, dict, FACTS)
        self.start_api()

    def ask(self, line, body=""):
        method, target = line.split(" ", 1)
        answer = routes.answer(self.state, Request(method, target, body.encode()))
        return answer.status, answer.body.decode()

    def try_out(self, settings=NEW, seconds=60):
        assert self.ask("PATCH /settings", json.dumps(settings))[0] == 204
        return self.ask(f"POST /tx/commit_and_apply?confirm_within={seconds}")

    @property
    def motd(self):
        return self.state.live["motd"]


@pytest.fixture
def node(tmp_path, monkeypatch):
    return Node(tmp_path, monkeypatch)


def test_a_confirmed_change_stays_for_good(node):
    assert node.try_out() == (200, '["settings.motd"]')
    told = '{"keys":["settings.motd"],"phase":"waiting","seconds_left":60}'
    assert node.ask("GET /trial") == (200, told)
    assert node.ask("POST /trial/confirm") == (200, '["settings.motd"]')
    node.clock.seconds += 1000
    assert trials.step(node.state) is None
    assert (node.motd, node.ask("GET /trial")) == ("new", (200, "{}"))
    node.reboot()
    assert node.motd == "new"


def test_a_change_that_nobody_confirms_goes_back_in_time_and_is_applied(node):
    node.try_out()
    node.clock.seconds += 59
    assert abs(trials.step(node.state) - 1.0) <= 1e-6
    node.clock.seconds += 1
    status, text = node.ask("POST /trial/confirm")
    assert (status, text.startswith("The time to confirm is over")) == (422, True)
    assert trials.step(node.state) is None
    assert (node.motd, node.state.trial) == ("old", None)
    assert [(what, request.keys) for what, request in node.doors.asked] == [
        ("apply", ["settings.motd"]), ("applied", ["settings.motd"])
    ]  # fmt: skip
    last = json.loads(node.ask("GET /history")[1])[-1]
    assert (last["by"], last["note"]) == ("rollback", "not confirmed in time")


def test_cancel_takes_it_back_at_once(node):
    node.try_out()
    assert node.ask("POST /trial/cancel") == (200, '["settings.motd"]')
    assert (node.motd, node.state.trial) == ("old", None)
    for verb in ("confirm", "cancel"):
        assert node.ask(f"POST /trial/{verb}") == (422, "There is no change on trial")


def test_a_power_cut_takes_it_back_before_files_are_rendered(node):
    node.try_out()
    node.reboot()
    assert (node.motd, node.state.trial) == ("old", None)
    assert node.host.files["/etc/motd"] == b"old\n"


def test_an_orderly_restart_gives_one_more_window_and_no_third(node):
    node.try_out()
    assert node.ask("POST /actions/reboot")[0] == 204
    node.reboot()
    assert (node.motd, node.ask("GET /trial")[1]) == (
        "new", '{"keys":["settings.motd"],"phase":"waiting","seconds_left":60}'
    )  # fmt: skip
    node.ask("POST /actions/reboot")
    node.reboot()
    assert (node.motd, node.state.trial) == ("old", None)


def test_a_restart_that_is_refused_is_none(node):
    node.try_out()
    node.doors.trouble = "no"
    assert node.ask("POST /actions/reboot")[0] == 500
    node.reboot()
    assert node.motd == "old"


def test_a_confirmation_after_the_restart_counts(node):
    node.try_out()
    node.ask("POST /actions/reboot")
    node.reboot()
    assert node.ask("POST /trial/confirm")[0] == 200
    node.reboot()
    assert node.motd == "new"


def test_the_api_ends_while_it_takes_back_and_the_next_one_finishes(node):
    node.try_out()
    node.clock.seconds += 60
    node.doors.trouble = "no applier"
    assert trials.step(node.state) == trials.LOOK_SECONDS
    assert (node.motd, node.state.trial.phase) == ("old", "returning")
    node.doors.trouble = None
    node.start_api()
    assert trials.step(node.state) is None
    assert node.state.trial is None
    assert node.doors.asked[-1][0] == "applied"


def test_power_goes_while_it_is_taken_back_and_the_boot_finishes(node):
    node.try_out()
    node.clock.seconds += 60
    node.doors.trouble = "no applier"
    trials.step(node.state)
    node.reboot()
    assert (node.motd, node.state.trial) == ("old", None)
    assert node.host.files["/etc/motd"] == b"old\n"


def test_a_store_that_is_full_is_tried_again(node):
    node.try_out()
    node.clock.seconds += 60
    node.store.full = True
    assert trials.step(node.state) == trials.LOOK_SECONDS
    assert node.motd == "new"
    node.store.full = False
    assert trials.step(node.state) is None
    assert node.motd == "old"


def test_a_full_store_at_boot_still_renders_the_earlier_values(node):
    node.try_out()
    node.store.full = True
    node.reboot()
    assert node.host.files["/etc/motd"] == b"old\n"
    node.store.full = False
    assert trials.step(node.state) is None
    assert node.motd == "old"


def test_other_changes_stay_when_one_goes_back(node):
    node.try_out()
    node.ask("PATCH /settings", '{"ntp":{"options":["b"]}}')
    assert node.ask("POST /tx/commit")[0] == 200
    node.clock.seconds += 60
    trials.step(node.state)
    assert (node.motd, node.state.live["ntp"]) == ("old", {"options": ["b"]})


def test_a_later_choice_of_the_same_key_counts(node):
    node.try_out()
    node.ask("PATCH /settings", '{"motd":"mine"}')
    node.ask("POST /tx/commit")
    assert node.state.trial is None
    node.clock.seconds += 60
    trials.step(node.state)
    assert node.motd == "mine"


def test_two_changes_cannot_be_on_trial_and_the_second_stays_pending(node):
    node.try_out()
    status, text = node.try_out({"ntp": {"options": ["b"]}})
    assert (status, text) == (409, "Another change is on trial: confirm or cancel it first")
    assert node.ask("GET /tx") == (200, '{"ntp":{"options":["b"]}}')


def test_a_change_of_nothing_is_not_on_trial(node):
    assert node.try_out(OLD)[0] == 200
    assert node.state.trial is None


def test_a_rollback_can_be_on_trial(node):
    node.ask("PATCH /settings", json.dumps(NEW))
    node.ask("POST /tx/commit")
    node.ask("POST /history/rollback?to=1&confirm_within=60")
    assert node.motd == "old"
    node.clock.seconds += 60
    trials.step(node.state)
    assert node.motd == "new"


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "86401", "1e3", "9" * 30])
def test_a_time_that_is_none_is_refused_before_anything_is_committed(node, text):
    status, said = node.try_out(seconds=text)
    assert (status, said.startswith("Input 'confirm_within' is no")) == (400, True)
    assert node.motd == "old"


def test_the_watch_takes_it_back_by_itself_and_ends(node):
    watch = trials.Watch(node.state)
    node.state.watch = watch.wake
    node.try_out(seconds=1)
    node.clock.seconds += 1.0
    deadline = time.monotonic() + 20
    while (node.state.trial is not None or watch._runs) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (node.motd, node.state.trial, watch._runs) == ("old", None, False)


def test_a_watch_outlives_what_it_did_not_expect(node, monkeypatch):
    monkeypatch.setattr(trials, "LOOK_SECONDS", 0.01)
    troubles = [FailedError("a"), ValueError("b")]
    real = node.doors.applied

    def applied(request):
        if troubles:
            raise troubles.pop(0)
        return real(request)

    node.doors.applied = applied
    node.try_out()
    node.clock.seconds += 60
    watch = trials.Watch(node.state)
    watch.wake()
    deadline = time.monotonic() + 20
    while node.state.trial is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (node.motd, troubles) == ("old", [])
