"""A net.toml on trial, over the routes, over restarts and over every point where power may go."""

import json

import pytest
from fakes import api_node
from fakes.settings_host import FakeHost
from fakes.trial_clock import Clock

from skyrocket.host.api import routes, trials
from skyrocket.host.api.doors import Doors
from skyrocket.host.api.message import Request
from skyrocket.host.api.state import State
from skyrocket.host.boot.sequence import Boot
from skyrocket.host.network import trying
from skyrocket.host.store.document import Document
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.api import Variant
from skyrocket.models.settings.group import Facts

OLD, NEW = b"version = 3\n# \xff by hand\n", b"version = 3\n[eth0]\ndhcp4 = true\n"
CONFIGURE, NONE = "POST /actions/network/configure", (422, "There is no change on trial")
RESTART = f"restart {trying.UNIT}"


class OwnDoors(Doors):
    """The real files of a folder; nobody is asked anything."""

    def reboot(self):
        """It restarts when the test says so."""

    def apply(self, request):
        """Nobody follows."""


class Node:
    """One node over restarts of its API and of itself: real routes, real files."""

    def __init__(self, folder, monkeypatch, before=OLD):
        self.clock, self.store, self._folder = Clock(), MemoryStore(), folder
        self.store.save(Document({}, generation=1, user_data=True, filled_by="v"))
        self.places = trying.Places(str(folder / "net.toml"), str(folder / "net-trial.json"))
        self.file, self.kept = folder / "net.toml", folder / "net-trial.json"
        if before is not None:
            self.file.write_bytes(before)
        monkeypatch.setattr("skyrocket.host.boot.sequence.clock", self.clock)
        self.start_api()

    def start_api(self):
        network, trial = self.places.network, self.places.kept
        doors = OwnDoors(str(self._folder), network, str(self._folder / "none"), trial)
        pending, gate = str(self._folder / "pending.json"), api_node.open_gate()
        self.state = State(self.store, Variant(), doors, gate, pending, FakeHost(), self.clock)

    def reboot(self):
        self.clock.name, self.clock.seconds = f"{self.clock.name}+", 3.0
        self.host = FakeHost()
        boot = Boot(Variant(), self.store, self.host, network=self.places)
        boot.run(dict, dict, Facts("machine", 1))
        self.start_api()

    def ask(self, line, body=b""):
        method, target = line.split(" ", 1)
        answer = routes.answer(self.state, Request(method, target, body))
        return answer.status, answer.body.decode()

    def try_out(self, seconds=60):
        assert self.ask(f"{CONFIGURE}?confirm_within={seconds}", NEW) == (204, "")
        assert self.file.read_bytes() == NEW

    @property
    def text(self):
        return self.file.read_bytes() if self.file.exists() else None


@pytest.fixture
def node(tmp_path, monkeypatch):
    return Node(tmp_path, monkeypatch)


def test_a_confirmed_network_stays_for_good(node):
    node.try_out()
    told = '{"keys":["net.toml"],"phase":"waiting","seconds_left":60}'
    assert node.ask("GET /trial") == (200, told)
    assert node.ask("POST /trial/confirm") == (200, '["net.toml"]')
    node.clock.seconds += 1000
    assert trials.step(node.state) is None
    node.reboot()
    assert (node.text, node.ask("GET /trial"), node.kept.exists()) == (NEW, (200, "{}"), False)


@pytest.mark.parametrize("before", [OLD, None], ids=["a file", "no file"])
def test_a_network_that_nobody_confirms_goes_back_in_time(tmp_path, monkeypatch, before):
    node = Node(tmp_path, monkeypatch, before)
    node.try_out()
    node.clock.seconds += 59
    assert abs(trials.step(node.state) - 1.0) <= 1e-6
    assert node.text == NEW
    node.clock.seconds += 1
    assert node.ask("POST /trial/confirm")[0] == 422
    assert trials.step(node.state) is None
    assert (node.text, node.kept.exists()) == (before, False)
    assert node.ask("POST /trial/confirm") == NONE


def test_cancel_takes_it_back_at_once(node):
    node.try_out()
    assert node.ask("POST /trial/cancel") == (200, '["net.toml"]')
    assert (node.text, node.ask("POST /trial/cancel")) == (OLD, NONE)


def test_a_power_cut_takes_it_back_and_the_network_is_made_anew(node):
    node.try_out()
    node.reboot()
    assert (node.text, node.kept.exists()) == (OLD, False)
    assert RESTART in node.host.done
    node.reboot()
    assert RESTART not in node.host.done


def test_an_orderly_restart_gives_one_more_window_and_no_third(node):
    node.try_out()
    assert node.ask("POST /actions/reboot")[0] == 204
    node.reboot()
    assert (node.text, json.loads(node.ask("GET /trial")[1])["seconds_left"]) == (NEW, 60)
    assert RESTART not in node.host.done
    assert node.ask("POST /actions/reboot")[0] == 204
    node.reboot()
    assert node.text == OLD


def test_an_api_that_starts_anew_goes_on_with_the_trial(node):
    node.try_out()
    node.start_api()
    node.clock.seconds += 60
    assert trials.step(node.state) is None
    assert node.text == OLD


@pytest.mark.parametrize("text", [OLD, NEW], ids=["before the new text", "after it"])
def test_power_that_goes_between_two_writes_leaves_the_earlier_network(node, text):
    """The trial is written first and removed last; whatever lies between, the boot ends it."""
    node.try_out()
    node.file.write_bytes(text)
    node.reboot()
    assert (node.text, node.kept.exists()) == (OLD, False)


def test_one_change_at_a_time_is_on_trial(node):
    node.try_out()
    assert node.ask(f"{CONFIGURE}?confirm_within=60", NEW)[0] == 409
    assert node.ask("PATCH /settings", b'{"motd":"x"}')[0] == 204
    assert node.ask("POST /tx/commit?confirm_within=60")[0] == 409
    assert node.ask("POST /trial/confirm")[0] == 200
    assert node.ask("POST /tx/commit?confirm_within=60")[0] == 200
    assert node.ask(f"{CONFIGURE}?confirm_within=60", NEW)[0] == 409


def test_a_later_choice_without_a_trial_counts(node):
    node.try_out()
    later = NEW + b"# later\n"
    assert node.ask(CONFIGURE, later) == (204, "")
    node.clock.seconds += 100
    assert (trials.step(node.state), node.text) == (None, later)


def test_a_wrong_network_begins_no_trial(node):
    assert node.ask(f"{CONFIGURE}?confirm_within=60", b"version = 9")[0] == 400
    assert node.ask(f"{CONFIGURE}?confirm_within=no", NEW)[0] == 400
    assert (node.text, node.kept.exists()) == (OLD, False)


def test_a_trial_that_cannot_be_read_leaves_the_network_as_it_is(node, capsys):
    node.try_out()
    node.kept.write_bytes(b"{")
    node.reboot()
    assert node.text == NEW
    assert "cannot read" in capsys.readouterr().err
    assert node.ask("GET /trial") == (200, "{}")
