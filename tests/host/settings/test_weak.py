import pytest
from fakes import api_node

from skyrocket.host.api import routes
from skyrocket.host.api.message import Request
from skyrocket.host.settings import defaults
from skyrocket.host.store.document import Document
from skyrocket.host.store.memory import MemoryStore

KEY = "host-containers.admin.source"
LIVE = {"host-containers": {"admin": {"source": "r/admin:1", "enabled": True}}}


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A node whose admin container's source is the image's choice."""
    monkeypatch.setattr(defaults, "of_variant", lambda _schema: LIVE)
    store = MemoryStore()
    store.save(Document(LIVE, generation=1, weak={KEY: "r/admin:1"}))
    return api_node.state(tmp_path, store=store)


def ask(state, method, target, body=""):
    answer = routes.answer(state, Request(method, target, body.encode()))
    assert answer.status in {200, 204}, answer.body


def change(state, body):
    ask(state, "PATCH", "/settings/change", body)
    ask(state, "POST", "/tx/commit_and_apply")


def weak(state):
    return state._store.load().weak


@pytest.mark.parametrize("source", ["r/mine:1", "r/admin:1"])
def test_a_value_that_somebody_sets_is_strong_be_it_the_same(state, source):
    ask(state, "PATCH", "/settings", f'{{"host-containers":{{"admin":{{"source":"{source}"}}}}}}')
    ask(state, "POST", "/tx/commit_and_apply")
    assert weak(state) == {}


def test_another_value_leaves_it_weak(state):
    change(state, '{"settings":{"motd":"x"}}')
    assert weak(state) == {KEY: "r/admin:1"}


@pytest.mark.parametrize("unset", [KEY, "host-containers.admin", "host-containers"])
def test_a_value_that_is_taken_back_is_the_images_again(state, unset):
    change(state, '{"settings":{"host-containers":{"admin":{"source":"r/mine:1"}}}}')
    assert weak(state) == {}
    change(state, f'{{"unset":["{unset}"]}}')
    assert weak(state) == {KEY: "r/admin:1"}
