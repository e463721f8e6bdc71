"""Answers that every route may give, and those that no story of requests comes by."""

import pytest
from fakes import api_node

from skyrocket.client.connection import request
from skyrocket.host.api import routes
from skyrocket.host.api.crowd import Crowd, NoRoomError
from skyrocket.host.api.gate import Gate
from skyrocket.host.api.message import Request
from skyrocket.host.api.peers import Peer

ROUTES = sorted(routes.ROUTES)
METHODS = {"GET", "PATCH", "POST", "DELETE", "PUT", "HEAD", "OPTIONS"}


def stranger(tmp_path):
    """A node that is asked by a workload, with the policy of the image."""
    gate = Gate(api_node.shipped_policy(), lambda _: Peer("workload", "/x"), lambda _: None)
    return api_node.state(tmp_path, {"motd": "hi"}, gate=gate)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_who_has_no_rights_is_403_at_every_route(tmp_path, method, path):
    answer = routes.answer(stranger(tmp_path), Request(method, path))
    assert answer.status == 403
    assert answer.body.startswith(f"Cannot {method} {path} for ".encode())


def test_a_method_that_a_path_does_not_have_is_404(tmp_path):
    state = api_node.state(tmp_path)
    for path in {path for _, path in ROUTES}:
        for method in METHODS - {method for method, there in ROUTES if there == path}:
            answer = routes.answer(state, Request(method, path))
            assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_error_of_ours_is_500_at_every_route_and_tells_nothing_of_it(
    tmp_path, monkeypatch, capsys, method, path
):
    def broken(_state, _request):
        raise ValueError("secret")

    monkeypatch.setitem(routes.ROUTES, (method, path), broken)
    answer = routes.answer(api_node.state(tmp_path), Request(method, path))
    assert (answer.status, answer.body) == (500, b"Internal error")
    assert f"{method} {path}: ValueError('secret')" in capsys.readouterr().err


class NoApplier(api_node.Doors):
    def apply(self, request):
        self.trouble = "Unable to start config applier: no"
        super().apply(request)


@pytest.mark.parametrize("target", ["/tx/commit_and_apply", "/history/rollback?to=1"])
def test_a_commit_whose_applier_is_not_there_is_500_and_committed(tmp_path, target):
    """The settings are live: the next apply, or the next boot, follows them."""
    state = api_node.state(tmp_path, {"motd": "a"}, NoApplier())
    routes.answer(state, Request("PATCH", "/settings", b'{"motd":"b"}'))
    if target != "/tx/commit_and_apply":
        routes.answer(state, Request("POST", "/tx/commit"))
    before = state.live["motd"]
    answer = routes.answer(state, Request("POST", target))
    assert (answer.status, answer.body) == (500, b"Unable to start config applier: no")
    assert state.live["motd"] != before


class Full(Crowd):
    """No room for a large body, and somebody else would have to make it."""

    def hold(self, member, size):
        if size > 100_000:
            raise NoRoomError


def test_a_large_body_without_room_is_503(tmp_path):
    state = api_node.state(tmp_path)
    with api_node.serving(tmp_path, state, Full()) as path:
        refused = request(path, "PATCH", "/settings", b" " * 200_000)
        assert (refused.status, refused.text) == (503, "Too many large requests at once, try again")
        assert request(path, "PATCH", "/settings", b" " * 50_000).status == 400
