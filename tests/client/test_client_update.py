"""The update verbs against a node that plays the update protocol."""

import json
import socket
import threading

import pytest

from skyrocket.client import cli
from skyrocket.client.verbs import update


class Node:
    """Gives prepared answers in turn, and keeps the request lines."""

    def __init__(self, path, answers):
        self.lines = []
        self._answers = answers
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(8)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(10)
        self._listener.close()

    def _serve(self):
        for status, body in self._answers:
            client, _ = self._listener.accept()
            with client:
                self.lines.append(client.recv(65536).split(b"\r\n")[0].decode())
                client.sendall(f"HTTP/1.1 {status} x\r\n\r\n{body}".encode())


def document(command, stamp, *, state="Idle", status="Success"):
    last = {
        "cmd_type": command,
        "cmd_status": status,
        "timestamp": stamp,
        "exit_status": 1,
        "stderr": "why",
    }
    return json.dumps({"update_state": state, "most_recent_command": last})


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(update, "sleep", lambda _: None)


def play(tmp_path, answers, *words, capfd):
    with Node(str(tmp_path / "s"), answers) as node:
        status = cli.main(["apiclient", "-s", str(tmp_path / "s"), "update", *words])
    return status, capfd.readouterr(), node.lines


def test_check_waits_for_a_new_refresh_and_prints_the_status_alone(tmp_path, capfd):
    old, new = (200, document("refresh", "1")), (200, document("refresh", "2"))
    answers = [old, (204, ""), (423, "lock"), old, new]
    status, said, lines = play(tmp_path, answers, "check", capfd=capfd)
    assert (status, said.out) == (0, document("refresh", "2") + "\n")
    assert said.err == "Refreshing updates...\n"
    assert lines[1] == "POST /actions/refresh-updates HTTP/1.1"


def test_a_status_that_is_not_there_yet_is_a_first_call(tmp_path, capfd):
    answers = [(404, "uninitialized"), (204, ""), (200, document("refresh", "1"))]
    assert play(tmp_path, answers, "check", capfd=capfd)[0] == 0


def test_a_held_lock_is_told_in_the_words_that_programs_parse(tmp_path, capfd):
    answers = [(404, ""), (423, "Update lock held")]
    status, said, _ = play(tmp_path, answers, "check", capfd=capfd)
    assert status == 1
    assert said.err.endswith(
        "Failed POST request to '/actions/refresh-updates': "
        "Status 423 when POSTing /actions/refresh-updates: Update lock held\n"
    )


def test_a_failed_command_says_its_exit_status(tmp_path, capfd):
    answers = [(404, ""), (204, ""), (200, document("deactivate", "1", status="Failed"))]
    status, said, _ = play(tmp_path, answers, "cancel", capfd=capfd)
    assert (status, said.err.endswith("deactivate failed with exit status 1: why\n")) == (1, True)


def test_apply_prepares_activates_and_reboots(tmp_path, capfd):
    prepared, activated = (200, document("prepare", "2")), (200, document("activate", "3"))
    done = (204, "")
    answers = [(404, ""), done, prepared, prepared, done, activated, done]
    status, _, lines = play(tmp_path, answers, "apply", "--reboot", capfd=capfd)
    posts = [line.split()[1] for line in lines if line.startswith("POST")]
    assert (status, posts) == (
        0,
        ["/actions/prepare-update", "/actions/activate-update", "/actions/reboot"],
    )


def test_apply_after_a_check_that_found_nothing_stops_quietly(tmp_path, capfd):
    answers = [(404, ""), (204, ""), (200, document("refresh", "1", state="Idle"))]
    status, said, _ = play(tmp_path, answers, "apply", "-c", capfd=capfd)
    assert (status, said.out) == (0, "")


def test_rollback_waits_for_an_activation_and_reboots(tmp_path, capfd):
    old, new = (200, document("refresh", "1")), (200, document("activate", "2"))
    answers = [old, (204, ""), (423, "lock"), new, (204, "")]
    status, _, lines = play(tmp_path, answers, "rollback", "-r", capfd=capfd)
    posts = [line.split()[1] for line in lines if line.startswith("POST")]
    assert (status, posts) == (0, ["/actions/rollback-update", "/actions/reboot"])


def test_a_rollback_that_cannot_be_says_why(tmp_path, capfd):
    answers = [(404, ""), (204, ""), (200, document("activate", "1", status="Failed"))]
    status, said, _ = play(tmp_path, answers, "rollback", capfd=capfd)
    assert (status, said.err.endswith("activate failed with exit status 1: why\n")) == (1, True)


TRIES = [
    {"began": "2026-11-25T18:00:00.000000001Z", "kind": "update", "from_version": "1.0.0",
     "to_version": "1.1.0", "outcome": "came back", "reason": "Kernel panic"},
    {"began": "2026-11-25T19:00:00.000000001Z", "kind": "rollback", "from_version": "1.0.0",
     "to_version": "0.9.0", "outcome": "running", "reason": ""},
]  # fmt: skip


def test_history_says_what_was_tried_and_how_it_ended(tmp_path, capfd):
    answer = (200, json.dumps(TRIES))
    status, said, lines = play(tmp_path, [answer], "history", capfd=capfd)
    assert (status, lines) == (0, ["GET /updates/history HTTP/1.1"])
    assert said.out.splitlines() == [
        "2026-11-25T18:00:00Z  update    1.0.0 -> 1.1.0  came back: Kernel panic",
        "2026-11-25T19:00:00Z  rollback  1.0.0 -> 0.9.0  running",
    ]
    (tmp_path / "s").unlink()
    _, said, _ = play(tmp_path, [answer], "history", "-f", "json", capfd=capfd)
    assert json.loads(said.out) == TRIES


def test_checks_says_what_must_hold_and_what_does(tmp_path, capfd):
    api = {"name": "api", "about": "the API answers GET /os", "state": "met", "said": ""}
    web = {"name": "check web", "about": "a check of this node's user", "state": "broken",
           "said": "http://127.0.0.1/ answers with status 500, 4 attempts"}  # fmt: skip
    answer = (200, json.dumps([api, web]))
    status, said, lines = play(tmp_path, [answer], "checks", capfd=capfd)
    assert (status, lines) == (0, ["GET /updates/checks HTTP/1.1"])
    assert said.out.splitlines() == [
        "met       api: the API answers GET /os",
        "broken    check web: http://127.0.0.1/ answers with status 500, 4 attempts",
    ]
    (tmp_path / "s").unlink()
    _, said, _ = play(tmp_path, [answer], "checks", "--format=json", capfd=capfd)
    assert json.loads(said.out) == [api, web]


def test_six_failing_looks_are_too_many(tmp_path, capfd):
    answers = [(404, ""), (204, ""), *[(500, "broken")] * 6]
    assert play(tmp_path, answers, "check", capfd=capfd)[0] == 1
