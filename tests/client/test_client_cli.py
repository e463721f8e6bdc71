"""The real client against the real API, in one process, over a real socket."""

import base64
import io
import json
import sys

import pytest
from fakes import api_node

from skyrocket.client import calls, cli, commits, usage
from skyrocket.models.api import ApplyResult, Failed

LIVE = {
    "motd": "hello",
    "ntp": {"options": ["iburst"]},
    "host-containers": {"admin": {"enabled": True}},
}


@pytest.fixture
def doors():
    return api_node.Doors()


@pytest.fixture
def node(tmp_path, doors):
    with api_node.serving(tmp_path, api_node.state(tmp_path, LIVE, doors)) as path:
        yield path


@pytest.fixture
def client(node, capfd, monkeypatch):
    def call(*words, stdin=""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = cli.main(["apiclient", "-s", node, *words])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return status, out, err

    return call


def test_raw_is_the_default_and_prints_the_body_as_it_is(client):
    assert client("-u", "/settings?prefix=motd") == (0, '{"motd":"hello"}\n', "")
    assert client("raw", "--uri=/settings?prefix=motd") == (0, '{"motd":"hello"}\n', "")


def test_the_control_containers_question_is_answered_as_it_expects(client):
    _, out, _ = client("raw", "-u", "/settings?keys=settings.host-containers.admin.enabled")
    assert out == '{"host-containers":{"admin":{"enabled":true}}}\n'


def test_verbose_tells_the_status_apart_from_the_data(client):
    assert client("-u", "/tx", "-v") == (0, "{}\n", "200\n")


def test_a_failed_request_is_one_line_that_programs_can_parse(client):
    text = (
        "Failed POST request to '/tx/commit': Status 422 when POSTing /tx/commit: "
        "Tried to commit with no pending changes\n"
    )
    assert client("raw", "-m", "post", "-u", "/tx/commit") == (1, "", text)


@pytest.mark.parametrize(
    ("method", "doing"), [("GET", "GETing"), ("PATCH", "PATCHing"), ("DELETE", "DELETing")]
)
def test_the_method_is_named_twice(client, method, doing):
    _, _, err = client("-m", method, "-u", "/none")
    assert err == f"Failed {method} request to '/none': Status 404 when {doing} /none: \n"


def test_get_merges_its_prefixes_and_sorts(client):
    status, out, _ = client("get", "settings.ntp", "settings.motd", "os.arch")
    wanted = {
        "os": {"arch": "x86_64"},
        "settings": {"motd": "hello", "ntp": {"options": ["iburst"]}},
    }
    assert (status, out) == (0, json.dumps(wanted, indent=2, sort_keys=True) + "\n")


def test_get_alone_is_os_and_settings(client):
    assert json.loads(client("get")[1]).keys() == {"os", "settings"}


def test_get_of_a_path_is_that_path(client):
    assert client("get", "/settings?prefix=motd")[1] == '{\n  "motd": "hello"\n}\n'


def test_get_of_a_prefix_with_odd_characters_finds_nothing(client):
    assert client("get", 'settings.ä&b="x"') == (0, "{}\n", "")


def test_set_commits_and_applies(client, doors):
    assert client("set", "motd=a=b", "updates.seed=5") == (0, "", "")
    assert json.loads(client("-u", "/settings")[1])["motd"] == "a=b"
    assert doors.asked[0][1].keys == ["settings.motd", "settings.updates.seed"]
    assert client("-u", "/tx/list")[1] == "[]\n"


@pytest.mark.parametrize("outer", ['{"motd": "x"}', '{"settings": {"motd": "x"}}'])
def test_set_takes_json_with_or_without_the_outer_settings(client, outer):
    assert client("set", "-j", outer)[0] == 0
    assert client("get", "settings.motd")[1] == '{\n  "settings": {\n    "motd": "x"\n  }\n}\n'


def test_a_refused_set_says_what_the_node_said(client):
    status, _, err = client("set", "motd=42")
    assert status == 1
    assert err.startswith("Failed PATCH request to '/settings/keypair?tx=apiclient-set-")
    assert "Status 400 when PATCHing /settings/keypair?tx=" in err
    assert err.endswith("Cause: Expected `str`, got `int` at settings.motd\n")


TOML = '[settings]\nmotd = "toml"\n[settings.ntp]\noptions = ["a"]\n'


@pytest.mark.parametrize("words", [[], ["-"]])
def test_apply_reads_standard_input(client, words):
    assert client("apply", *words, stdin=TOML) == (0, "", "")
    assert json.loads(client("get", "settings.motd")[1]) == {"settings": {"motd": "toml"}}


def test_apply_puts_all_sources_into_one_commit(client, doors, tmp_path):
    (tmp_path / "a.toml").write_text(TOML)
    second = base64.b64encode(b'{"settings":{"motd":"json"}}').decode()
    assert client("apply", f"file://{tmp_path}/a.toml", f"base64:{second}") == (0, "", "")
    assert json.loads(client("get", "settings.motd")[1]) == {"settings": {"motd": "json"}}
    assert len(doors.asked) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("motd = 1", "has no top-level table 'settings'"),
        ("{", "neither TOML"),
        ("", "has no top-level table 'settings'"),
    ],
)
def test_apply_of_what_is_no_settings_changes_nothing(client, text, reason):
    status, out, err = client("apply", stdin=text)
    assert (status, out) == (1, "")
    assert reason in err
    assert client("-u", "/tx/list")[1] == "[]\n"


@pytest.mark.parametrize(
    "uri", ["file:///no/such", "ftp://x", "base64:x", "https://x/y", "http://"]
)
def test_apply_names_a_source_it_cannot_read(client, uri):
    status, _, err = client("apply", uri)
    assert (status, err.startswith(f"Failed to read '{uri}': ")) == (1, True)


def test_plan_takes_what_set_and_apply_take_and_changes_nothing(client, doors, tmp_path):
    (tmp_path / "a.toml").write_text("[settings]\nmotd = 'new'\n")
    wanted = (
        'settings.motd: "hello" -> "new"\nwrite /etc/motd because of settings.motd\n'
        "  --- /etc/motd\n  +++ /etc/motd\n  @@ -0,0 +1,1 @@\n  +new\n"
    )
    for words in (
        ["plan", "motd=new"], ["plan", "-j", '{"motd":"new"}'], ["plan", f"file:{tmp_path}/a.toml"],
        ["set", "motd=new", "--dry-run"], ["apply", "--dry-run", f"file:{tmp_path}/a.toml"],
    ):  # fmt: skip
        assert client(*words) == (0, wanted, "")
    assert client("plan", stdin='{"settings":{"motd":"new"}}') == (0, wanted, "")
    as_json = json.loads(client("plan", "motd=new", "--format", "json")[1])
    assert as_json["values"] == [{"key": "settings.motd", "before": "hello", "after": "new"}]
    assert client("unset", "host-containers.admin", "--dry-run")[1].startswith(
        "settings.host-containers.admin.enabled: true -> (not set)\n"
    )
    assert doors.asked == []
    assert client("-u", "/tx/list")[1] == "[]\n"
    assert client("get", "settings.motd")[1] == '{\n  "settings": {\n    "motd": "hello"\n  }\n}\n'


def test_a_plan_of_what_is_wrong_ends_with_1(client):
    status, out, err = client("plan", "motdd=1")
    assert (status, out) == (1, "")
    assert "Status 400 when POSTing /plan: Cannot plan this change: unknown field `motdd`" in err


def settings_of(client, name):
    return json.loads(client("get", f"settings.{name}")[1])["settings"]


def test_lists_are_changed_by_element_and_keys_are_taken_back(client):
    assert client("add", "ntp.options", "burst", "iburst") == (0, "", "")
    assert settings_of(client, "ntp") == {"ntp": {"options": ["iburst", "burst"]}}
    assert client("remove", "settings.ntp.options", "iburst", "none") == (0, "", "")
    assert settings_of(client, "ntp") == {"ntp": {"options": ["burst"]}}
    mirror = '{"registry":"*","endpoint":["http://m"]}'
    assert client("add", "-j", "container-registry.mirrors", mirror) == (0, "", "")
    mirrors = settings_of(client, "container-registry")["container-registry"]["mirrors"]
    assert mirrors == [json.loads(mirror)]
    assert client("unset", "motd", "host-containers.admin") == (0, "", "")
    assert settings_of(client, "motd") == {"motd": "Welcome to Skyrocket!"}
    assert "admin" not in client("get", "settings.host-containers")[1]
    status, _, err = client("unset", "motdd")
    assert (status, "(did you mean `settings.motd`?)" in err) == (1, True)


def test_history_diff_and_rollback(client, doors):
    client("set", "motd=new")
    lines = client("history")[1].splitlines()
    assert lines[0] == "     1   -  boot"
    assert lines[1].startswith("     2 * 2")
    assert "Z  api" in lines[1]
    assert client("diff", "1", "2") == (0, 'settings.motd: "hello" -> "new"\n', "")
    assert client("diff", "1", "2", "-f", "json")[1].startswith('[\n  {\n    "after": "new"')
    planned = client("rollback", "1", "--dry-run")[1]
    assert planned.startswith('settings.motd: "new" -> "hello"\n')
    assert client("rollback", "1") == (0, "", "")
    assert settings_of(client, "motd") == {"motd": "hello"}
    assert len(json.loads(client("history", "-f", "json")[1])) == 3
    assert client("rollback", "9")[0] == 1
    assert [request.keys for _, request in doors.asked] == [["settings.motd"]] * 2


def test_who_asks_is_told_the_result(client, doors):
    told = "generation 2: settings.motd\nwrote /etc/motd\nrestarted a.service\n"
    assert client("set", "motd=a", "--result") == (0, told, "")
    doors.result = ApplyResult(
        ok=False, error="cannot restart a.service: no", failed=[Failed("restart a.service", "no")]
    )
    told = "generation 3: settings.motd\nfailed: restart a.service: no\n"
    text = "Committed, not all of it applied: cannot restart a.service: no\n"
    assert client("set", "motd=b", "--result") == (1, told, text)
    result = json.loads(client("rollback", "1", "--result", "-f", "json")[1])
    assert (result["generation"], result["keys"]) == (4, ["settings.motd"])


def test_a_change_on_trial_is_confirmed_or_cancelled(client):
    assert client("set", "motd=new", "--confirm-within", "2m") == (0, "", "")
    left = json.loads(client("-u", "/trial")[1])["seconds_left"]
    assert 100 < left <= 120
    assert client("confirm") == (0, "", "")
    assert client("apply", "--confirm-within=1h", stdin=TOML) == (0, "", "")
    assert client("cancel")[:2] == (0, "")
    assert settings_of(client, "motd") == {"motd": "new"}
    status, _, err = client("confirm")
    assert (status, err.endswith("There is no change on trial\n")) == (1, True)


@pytest.mark.parametrize(("text", "wanted"), [("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600)])
def test_a_time_is_a_number_and_a_unit(text, wanted):
    assert commits.seconds(text) == wanted


def test_reboot_asks_for_it(client, doors):
    assert client("reboot") == (0, "", "")
    assert doors.asked == [("reboot",)]


def test_what_this_api_has_not_is_told_by_the_node(client):
    status, _, said = client("report", "cis", "-l", "2")
    assert (status, "Status 501 when GETing" in said) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        [], ["--help"], ["set"], ["set", "motd"], ["set", "-j", "{"], ["set", "-j", "[]"], ["raw"],
        ["raw", "-u"], ["nonsense"], ["get", "--x"], ["get", "/a", "b"], ["exec"],
        ["exec", "admin"],
        ["exec", "-x", "admin", "ls"], ["update", "x"], ["report"],
        ["--log-level", "loud", "get"],
        ["reboot", "now"], ["set", "-j", "{}", "a=b"], ["get", "-h"],
        ["unset"], ["add", "ntp.options"], ["add", "-j", "ntp.options", "{"], ["rollback"],
        ["rollback", "x"], ["diff", "1"], ["diff", "1", "x"], ["history", "x"],
        ["history", "-f", "x"], ["diff", "1", "2", "-f", "x"], ["plan", "motd"],
        ["plan", "-f", "x", "motd=1"], ["set", "a=b", "--dry-run", "--result"],
        ["set", "a=b", "-f", "json"], ["set", "--dry-run"],
        ["confirm", "x"], ["cancel", "x"], ["set", "a=b", "--confirm-within", "2d"],
        ["set", "a=b", "--confirm-within", "m"],
        ["set", "a=b", "--dry-run", "--confirm-within", "2m"],
    ],
)  # fmt: skip
def test_a_line_that_means_nothing_shows_the_help_and_ends_with_2(client, words):
    status, out, err = client(*words)
    assert (status, out) == (2, "")
    assert err.endswith(usage.TEXT)


def test_global_options_stand_anywhere_before_two_dashes(node, capfd):
    assert cli.main(["apiclient", "get", "os.arch", "-s", node]) == 0
    options, rest = cli.parse(["exec", "-v", "admin", "--", "ls", "-v", "-s", "x"])
    assert (options.verbose, rest) == (True, ["exec", "admin", "--", "ls", "-v", "-s", "x"])
    capfd.readouterr()


def test_a_node_that_does_not_answer_is_one_line(capfd, tmp_path):
    assert cli.main(["apiclient", "get", "-s", str(tmp_path / "none")]) == 1
    assert (
        capfd.readouterr().err == f"cannot connect to {tmp_path}/none: No such file or directory\n"
    )


def test_every_verb_is_in_the_help():
    for verb in cli.VERBS:
        assert f"\n    {verb} " in usage.TEXT


def test_programs_have_functions_for_the_same(node):
    calls.set_settings({"motd": "calls"}, node)
    assert calls.settings(node)["motd"] == "calls"
    assert calls.os_info(node)["variant_id"] == "vm-dev"
