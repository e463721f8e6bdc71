"""Options of the client that other tests do not come by."""

import contextlib
import http.server
import io
import json
import subprocess
import sys
import threading

import pytest
from client.test_client_update import Node, document
from fakes import api_node

from skyrocket.client import cli
from skyrocket.client.verbs import update

LIVE = {"motd": "hello", "ntp": {"options": ["iburst"]}, "container-registry": {"mirrors": []}}
NETWORK = "version = 3\n[eth0]\ndhcp4 = true\n"
DOCUMENT = '[settings]\nmotd = "new"\n'
CHANGES = {
    "set": ["set", "motd=new"],
    "apply": ["apply"],
    "unset": ["unset", "motd"],
    "add": ["add", "ntp.options", "burst"],
    "remove": ["remove", "ntp.options", "iburst"],
    "rollback": ["rollback", "1"],
}


@pytest.fixture
def client(tmp_path, capfd, monkeypatch):
    with api_node.serving(tmp_path, api_node.state(tmp_path, LIVE)) as path:

        def call(*words, stdin=""):
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            status = cli.main(["apiclient", "-s", path, *words])
            sys.stdout.flush()
            out, err = capfd.readouterr()
            return status, out, err

        yield call


@pytest.mark.parametrize("verb", CHANGES)
def test_every_verb_that_changes_settings_takes_the_same_options(client, verb):
    """--dry-run, --result, --format and --confirm-within mean the same everywhere."""
    if verb == "rollback":
        assert client("set", "motd=other")[0] == 0
    words = CHANGES[verb]
    before = client("-u", "/settings")[1]
    plan = json.loads(client(*words, "--dry-run", "-f", "json", stdin=DOCUMENT)[1])
    assert len(plan["values"]) == 1
    assert client(*words, "--dry-run", "--format=text", stdin=DOCUMENT)[1].startswith("settings.")
    assert client("-u", "/settings")[1] == before
    status, out, err = client(*words, "--confirm-within", "1h", stdin=DOCUMENT)
    assert (status, out, err) == (0, "", "")
    assert client("-u", "/settings")[1] != before
    assert json.loads(client("-u", "/trial")[1])["keys"] == [plan["values"][0]["key"]]
    assert client("cancel")[0] == 0
    assert client("-u", "/settings")[1] == before
    result = json.loads(client(*words, "--result", "-f", "json", stdin=DOCUMENT)[1])
    assert result["applied"]["ok"] is True
    assert client("-u", "/settings")[1] != before


def test_remove_takes_elements_in_json(client):
    mirror = '{"registry":"*","endpoint":["http://m"]}'
    assert client("add", "-j", "container-registry.mirrors", mirror)[0] == 0
    assert client("remove", "-j", "container-registry.mirrors", mirror) == (0, "", "")
    assert client("-u", "/settings?prefix=container-registry")[1] == (
        '{"container-registry":{"mirrors":[]}}\n'
    )


def test_raw_sends_a_body(client):
    assert client("raw", "-X", "PATCH", "-u", "/settings", "-d", '{"motd":"x"}') == (0, "", "")
    assert client("-u", "/tx") == (0, '{"motd":"x"}\n', "")


def played(tmp_path, capfd, answers, *words):
    with Node(str(tmp_path / "s"), answers) as node:
        status = cli.main(["apiclient", "-s", str(tmp_path / "s"), *words])
        sys.stdout.flush()
    return status, *capfd.readouterr(), node.lines


@pytest.mark.parametrize(("level", "told"), [("info", True), ("warn", False), ("error", False)])
def test_a_level_hides_what_is_told_on_the_way(tmp_path, capfd, monkeypatch, level, told):
    monkeypatch.setattr(update, "sleep", lambda _: None)
    answers = [(404, ""), (204, ""), (200, document("refresh", "2"))]
    words = ("--log-level", level, "update", "check")
    status, out, err, _ = played(tmp_path, capfd, answers, *words)
    assert (status, "Refreshing" in err) == (0, told)
    assert json.loads(out)["update_state"] == "Idle"


def test_update_cancel_deactivates(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(update, "sleep", lambda _: None)
    answers = [(200, document("activate", "1")), (204, ""), (200, document("deactivate", "2"))]
    status, out, err, lines = played(tmp_path, capfd, answers, "update", "cancel")
    assert (status, out, err) == (0, "", "Cancelling update...\n")
    assert lines[1] == "POST /actions/deactivate-update HTTP/1.1"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["cis"], "/report/cis"),
        (["cis", "-l", "2", "-f", "json"], "/report/cis?level=2&format=json"),
        (["cis-k8s", "--level=1", "--format", "text"],
         "/report/cis?type=kubernetes&level=1&format=text"),
        (["cis-k8s"], "/report/cis?type=kubernetes"),
        (["fips", "-f", "json", "-l", "1"], "/report/fips?level=1&format=json"),
        (["fips"], "/report/fips"),
    ],
)  # fmt: skip
def test_reports_ask_for_what_is_said(tmp_path, capfd, words, asked):
    """What the node makes of it comes out unchanged, without a line of ours at its end."""
    status, out, err, lines = played(tmp_path, capfd, [(200, "as it is")], "report", *words)
    assert (status, out, err, lines) == (0, "as it is", "", [f"GET {asked} HTTP/1.1"])


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/a.toml?x=1" else 404)
        self.end_headers()
        self.wfile.write(DOCUMENT.encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


def test_apply_reads_a_document_over_http(client):
    with web() as address:
        assert client("apply", f"{address}/a.toml?x=1") == (0, "", "")
        status, _, err = client("apply", f"{address}/none")
    assert (status, "status 404" in err) == (1, True)
    assert client("-u", "/settings?prefix=motd")[1] == '{"motd":"new"}\n'


def test_an_interrupted_call_ends_with_130():
    """Ctrl-C while the node does not answer: no traceback, the status that shells expect."""
    code = (
        "import sys\n"
        "from skyrocket.client import cli, connection\n"
        "def interrupted(*_): raise KeyboardInterrupt\n"
        "connection.connect = interrupted\n"
        "sys.exit(cli.main(['apiclient', '-s', 'x', 'get']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, check=False,
        env={"PYTHONPATH": ":".join(part for part in sys.path if part)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_network_configure_puts_the_document_on_trial(tmp_path, capfd):
    (tmp_path / "net.toml").write_text(NETWORK)
    state = api_node.state(tmp_path)
    with api_node.serving(tmp_path, state) as path:
        words = ["apiclient", "-s", path, "network", "configure", f"file://{tmp_path}/net.toml"]
        assert cli.main([*words, "--confirm-within", "2m"]) == 0
        assert cli.main([*words, "--confirm-within", "soon"]) == 2
    ((what, raw, (seconds, uptime, _)),) = state.doors.asked
    assert (what, raw, seconds) == ("network", NETWORK.encode(), 120)
    assert uptime > 0
    assert "'soon' is no time such as" in capfd.readouterr().err


def test_network_configure_sends_the_document(tmp_path, capfd):
    (tmp_path / "net.toml").write_text(NETWORK)
    state = api_node.state(tmp_path)
    with api_node.serving(tmp_path, state) as path:
        words = ["apiclient", "-s", path, "network", "configure"]
        assert cli.main([*words, f"file://{tmp_path}/net.toml"]) == 0
        assert cli.main(words) == 2
        assert cli.main([*words[:-1], "show", "file:///x"]) == 2
    assert state.doors.asked == [("network", NETWORK.encode())]
    assert "takes the word 'configure' and one source" in capfd.readouterr().err
