"""Every route's answers, as text: method, target, body, then status and body."""

# ruff: noqa: E501  (a story reads best with a request a line)

import json

import pytest
from fakes import api_node
from fakes.golden import expected

from skyrocket.host.api import routes
from skyrocket.host.api.errors import ApiError
from skyrocket.host.api.message import Request
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.api import ApplyRequest, Variant

LIVE = {
    "motd": "hello",
    "network": {"hostname": "node-1"},
    "kernel": {"sysctl": {"net.ipv4.ip_forward": "1"}},
    "host-containers": {"admin": {"enabled": True, "source": "skyrocket.local/admin:1"}},
}
CHANGE = "PATCH /settings/change"
PAIRS = "PATCH /settings/keypair"


def pairs(*words):
    return json.dumps({"request_payload": words})


# Each story is a list of requests against one fresh node, in order.
STORIES = {
    "os": [
        ("GET /os",), ("GET /os?prefix=pretty",), ("GET /os?prefix=os.v",), ("GET /os?prefix=x",),
        ("GET /os?prefix=",), ("GET /status",),
    ],
    "model": [
        ("GET /",), ("GET /?prefix=settings.",), ("GET /?prefix=os.version",), ("GET /?prefix=o",),
        ("GET /?prefix=settings.motd",), ("GET /?prefix=zzz",), ("GET /?prefix=",),
    ],
    "settings": [
        ("GET /settings",), ("GET /settings?prefix=mo",), ("GET /settings?prefix=settings.motd",),
        ("GET /settings?prefix=settings",), ("GET /settings?prefix=zzz",), ("GET /settings?prefix=",),
        ("GET /settings?keys=settings.motd,settings.network.hostname,settings.no",),
        ("GET /settings?keys=settings.host-containers.admin.enabled",),
        ("GET /settings?keys=settings.kernel.sysctl.%22net.ipv4.ip_forward%22",),
        ("GET /settings?keys=",), ("GET /settings?keys=a%20b",), ("GET /settings?keys=%zz",),
        ("GET /settings?keys=motd",),
    ],
    "patch": [
        ("PATCH /settings", '{"motd":"new","ntp":{"time-servers":["a"]}}'), ("GET /tx",), ("GET /tx/list",),
        ("PATCH /settings?tx=other", '{"ntp":{"options":[]}}'), ("GET /tx/list",), ("GET /tx?tx=other",),
        ("PATCH /settings", '{"ntp":{"options":["iburst"]},"motd":null}'), ("GET /tx",),
        ("GET /settings?prefix=motd",), ("POST /tx/commit",), ("GET /settings?prefix=motd",),
        ("GET /tx",), ("GET /tx/list",), ("DELETE /tx?tx=other",), ("DELETE /tx?tx=other",),
        ("POST /tx/commit",), ("PATCH /settings", "{}"), ("GET /tx/list",),
    ],
    "patch-refused": [
        ("PATCH /settings", '{"motdd":"x"}'), ("PATCH /settings", '{"motd":1}'),
        ("PATCH /settings", '{"network":{"hostname":"A"}}'), ("PATCH /settings", "{"),
        ("PATCH /settings", ""), ("PATCH /settings", "[]"),
        ("PATCH /settings", '{"settings":{"motd":"x"}}'),
        ("PATCH /settings", '{"host-containers":{"admin":{"superpower":true}}}'),
        ("GET /tx/list",),
    ],
    "keypair": [
        (PAIRS, pairs("motd=a=b", "settings.updates.seed=7", "host-containers.admin.enabled=false")),
        ("GET /tx",), (PAIRS, pairs('kernel.sysctl."a.b"=x')), ("GET /tx",),
        (PAIRS, pairs("motd")), (PAIRS, pairs("motd=42")), (PAIRS, pairs("motd=true")),
        (PAIRS, pairs("a b=1")), (PAIRS, pairs("updates.seed=x")), (PAIRS, pairs("nothing=1")),
        (PAIRS, pairs("=1")), (PAIRS, "{}"), (PAIRS, '{"request_payload":"x"}'), (PAIRS, pairs("settings=x")),
    ],
    "apply": [
        ("POST /tx/commit_and_apply",), ("POST /tx/apply",), ("POST /tx/apply?keys=settings.motd",),
        ("POST /tx/apply?keys=",), ("PATCH /settings?tx=t", '{"motd":"x"}'),
        ("POST /tx/commit_and_apply?tx=t",),
    ],
    "metadata": [
        ("GET /metadata/affected-services?keys=settings.motd,settings.network.hostname,x,settings.no",),
        ("GET /metadata/affected-services",), ("GET /metadata/affected-services?keys=",),
        ("GET /metadata/setting-generators",), ("GET /metadata/templates?keys=settings.motd",),
        ("GET /services?names=ntp",), ("GET /services?names=ntp,no",), ("GET /services?prefix=mo",),
        ("GET /services",), ("GET /configuration-files?names=motd",),
        ("GET /configuration-files?names=no",), ("GET /configuration-files",),
    ],
    "change": [
        (CHANGE, '{"unset":["settings.motd"],"add":{"ntp.time-servers":["b","a"]}}'), ("GET /tx",),
        ("POST /tx/commit",), ("GET /settings?prefix=ntp",), ("GET /settings?prefix=motd",),
        (CHANGE, '{"remove":{"ntp.time-servers":["a","none"]},"pairs":["motd=x"]}'),
        ("POST /tx/commit",), ("GET /settings?prefix=ntp",), ("GET /settings?prefix=motd",),
        (CHANGE, '{"unset":["motdd"]}'), (CHANGE, '{"add":{"motd":["a"]}}'), (CHANGE, '{"unset":["a b"]}'),
        (CHANGE, '{"add":{"ntp.time-servers":[1]}}'), (CHANGE, '{"unset":["settings"]}'),
        (CHANGE, '{"pairs":["motd"]}'), (CHANGE, '{"settings":{"motd":1}}'), (CHANGE, "[]"),
        (CHANGE, '{"unset":["host-containers.none"]}'), ("POST /tx/commit",), ("GET /tx/list",),
    ],
    "result": [
        ("PATCH /settings", '{"motd":"x"}'), ("POST /tx/commit_and_apply?result=true",),
        ("POST /tx/apply?keys=settings.motd&result=true",), ("POST /tx/apply?result=yes",),
        ("POST /history/rollback?to=1&result=true",), ("PATCH /settings", '{"motd":"y"}'),
        ("POST /tx/commit_and_apply?result=",), ("POST /tx/commit_and_apply?result=false",),
    ],
    "history": [
        ("GET /history",), ("PATCH /settings", '{"motd":"new"}'), ("POST /tx/commit",),
        ("GET /history/diff?from=1&to=2",), ("GET /history/diff?from=1",),
        ("GET /history/diff?from=1&to=9",), ("GET /history/diff?from=1&to=x",),
        ("POST /history/rollback?to=9",), ("POST /history/rollback?to=1",), ("GET /settings?prefix=motd",),
        ("GET /history/diff?from=1&to=3",),
    ],
    "plan": [
        ("POST /plan", '{"settings":{"motd":"new"}}'), ("POST /plan", '{"unset":["kernel.sysctl"]}'),
        ("POST /plan", '{"settings":{"ntp":{"time-servers":["a"]}},"add":{"ntp.time-servers":["b"]}}'),
        ("POST /plan", '{"settings":{"motdd":1}}'), ("POST /plan", '{"unset":["a b"]}'),
        ("POST /plan", '{"pairs":["motd=p"],"unset":["settings.motd"]}'), ("POST /plan?generation=1",),
        ("POST /plan?generation=9",), ("POST /plan?tx=none",), ("GET /tx/list",), ("GET /settings?prefix=motd",),
    ],
    "trial": [
        ("GET /trial",), ("POST /trial/confirm",), ("POST /trial/cancel",),
        ("PATCH /settings", '{"motd":"t"}'), ("POST /tx/commit_and_apply?confirm_within=86400",),
        ("POST /trial/confirm",), ("POST /trial/confirm",),
    ],
    "wire": [
        ("GET /services?names=",), ("GET /services?prefix=",), ("GET /configuration-files?names=",),
        ("GET /configuration-files?prefix=",), ("PATCH /settings", '{"motd":"a"}'),
        ("POST /tx/commit?confirm_within=x",), ("POST /tx/commit?confirm_within=60",),
        ("PATCH /settings", '{"motd":"b"}'), ("POST /tx/commit?confirm_within=60",),
        ("POST /history/rollback?to=1&confirm_within=60",), ("POST /history/rollback?to=x",),
        ("POST /history/rollback?to=1&confirm_within=0",), ("POST /history/rollback?to=1&result=x",),
        ("POST /trial/cancel",), ("GET /settings?prefix=motd",),
        (CHANGE + "?tx=t", '{"add":{"ntp.time-servers":["x"]}}'), (CHANGE + "?tx=t", '{"unset":["ntp"]}'),
        ("PATCH /settings?tx=late", '{"motd":"c"}'), ("POST /tx/commit?tx=late&confirm_within=",),
    ],
    "actions": [
        ("POST /actions/network/configure", "version = 3"),
        ("POST /actions/network/configure", "version = 3\n[eth0]\ndhcp4 = true"),
        ("POST /actions/network/configure", "version = 1\n[eth0]\ndhcp4 = true"),
        ("POST /actions/reboot",), ("GET /actions/reboot",), ("POST /exec",), ("GET /nothing",),
        ("POST /settings",),
    ],
    "updates": [
        ("GET /updates/status",), ("POST /actions/refresh-updates",), ("POST /actions/prepare-update",),
        ("POST /actions/activate-update",), ("POST /actions/deactivate-update",),
        ("POST /actions/rollback-update",), ("GET /updates/history",), ("GET /updates/checks",),
        ("GET /actions/refresh-updates",),
    ],
    "absent": [
        ("POST /actions/ephemeral-storage/init", "{}"), ("POST /actions/ephemeral-storage/bind", "{}"),
        ("GET /actions/ephemeral-storage/list-disks",), ("GET /actions/ephemeral-storage/list-dirs",),
        ("GET /report",), ("GET /report/cis",), ("GET /report/cis?type=kubernetes",), ("GET /report/fips",),
    ],
}  # fmt: skip


def tell(state, method, target, body=""):
    answer = routes.answer(state, Request(method, target, body.encode()))
    return (
        f"{answer.status} {answer.content_type if answer.body else '-'}\n{answer.body.decode()}\n"
    )


def attempt(state, line, body=""):
    try:
        return tell(state, *line.split(" ", 1), body)
    except ApiError as error:  # a request whose target cannot be read
        return f"{error.status}\n{error}\n"


@pytest.mark.parametrize("name", STORIES)
def test_a_story_of_requests_is_answered_word_for_word(name, tmp_path):
    state = api_node.state(tmp_path, LIVE)
    lines = [f">>> {' '.join(r)}\n{attempt(state, *r)}\n" for r in STORIES[name]]
    text = "".join(lines)
    assert expected(f"api/{name}.txt", text) == text


def test_the_stories_ask_every_route():
    asked = {tuple(r[0].partition("?")[0].split(" ")) for story in STORIES.values() for r in story}
    assert set(routes.ROUTES) <= asked


def snapshot(state):
    host = state.host
    return (state._store.raw, dict(state._store.past), dict(host.files), list(host.done),
            state.transactions.names())  # fmt: skip


def plan_many(state):
    """Plan 500 changes, every other one of them invalid -> how many were refused."""
    refused = 0
    for number in range(500):
        settings = {"motd": f"m{number}", "ntp": {"time-servers": [f"t{number}"]}}
        bad = {"motd": number, "network": {"hostname": "A B"}}
        body = json.dumps({"settings": bad if number % 2 else settings})
        refused += tell(state, "POST", "/plan", body).startswith("400")
    return refused


def test_500_plans_half_of_them_invalid_change_nothing(tmp_path):
    state = api_node.state(tmp_path, LIVE)
    before = snapshot(state)
    assert plan_many(state) == 250
    assert snapshot(state) == before


def test_a_plan_that_had_a_side_effect_would_be_found(tmp_path):
    state = api_node.state(tmp_path, LIVE)
    reads, state.host.read = state.host.read, lambda path: state.host.write(path, b"", 0o644)
    before = snapshot(state)
    plan_many(state)
    state.host.read = reads
    assert snapshot(state) != before


def test_a_commit_that_changes_nothing_keeps_the_generation(tmp_path):
    state = api_node.state(tmp_path, {"motd": "a"})
    tell(state, "PATCH", "/settings", '{"motd":"a"}')
    assert '["settings.motd"]' in tell(state, "POST", "/tx/commit")
    assert state._document.generation == 1


def test_pending_changes_survive_a_restart_of_the_api(tmp_path):
    tell(api_node.state(tmp_path), "PATCH", "/settings?tx=t", '{"motd":"a"}')
    assert '{"motd":"a"}' in tell(api_node.state(tmp_path), "GET", "/tx?tx=t")


@pytest.mark.parametrize("raw", [b"{", b'{"t":{"settings":{"motd":"\xff"}}}'])
def test_pending_changes_that_cannot_be_read_do_not_stop_the_api(tmp_path, capsys, raw):
    (tmp_path / "pending.json").write_bytes(raw)
    assert "\n[]\n" in tell(api_node.state(tmp_path), "GET", "/tx/list")
    assert "cannot read pending changes" in capsys.readouterr().err


def test_committed_settings_survive_a_restart_of_the_api(tmp_path):
    state = api_node.state(tmp_path)
    tell(state, "PATCH", "/settings", '{"motd":"a"}')
    tell(state, "POST", "/tx/commit")
    assert '{"motd":"a"}' in tell(api_node.state(tmp_path, store=state._store), "GET", "/settings")


def test_commit_and_apply_asks_the_applier_for_exactly_the_changed_keys(tmp_path):
    doors = api_node.Doors()
    state = api_node.state(tmp_path, doors=doors)
    tell(state, "PATCH", "/settings", '{"motd":"a","network":{"hostname":"b"}}')
    tell(state, "POST", "/tx/commit_and_apply")
    wanted = ApplyRequest(keys=["settings.motd", "settings.network.hostname"])
    assert [("apply", wanted)] == doors.asked


@pytest.mark.parametrize("target", ["/actions/reboot", "/tx/apply"])
def test_a_refusal_of_a_privileged_verb_is_500_with_its_reason(tmp_path, target):
    refused = "Failed to reboot, exit code: 1, stderr: blocked by sshd"
    state = api_node.state(tmp_path, doors=api_node.Doors(refused))
    assert f"500 text/plain; charset=utf-8\n{refused}\n" == tell(state, "POST", target)


class FullStore(MemoryStore):
    def save(self, document):
        if document.generation > 1:
            raise OSError(28, "No space left on device")
        super().save(document)


def test_settings_that_cannot_be_saved_stay_pending_and_live_ones_as_they_were(tmp_path):
    state = api_node.state(tmp_path, {"motd": "a"}, store=FullStore())
    tell(state, "PATCH", "/settings", '{"motd":"b"}')
    assert "No space left on device" in tell(state, "POST", "/tx/commit")
    assert '{"motd":"a"}' in tell(state, "GET", "/settings")
    assert '{"motd":"b"}' in tell(state, "GET", "/tx")


def test_a_variant_without_a_group_refuses_its_settings(tmp_path):
    state = api_node.state(tmp_path, variant=Variant(groups=["motd"]))
    answer = tell(state, "PATCH", "/settings", '{"ntp":{}}')
    reason = "unknown field `ntp`, expected `motd` at settings: this variant has no group ntp\n"
    assert answer.endswith(reason)
