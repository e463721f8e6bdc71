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


def test_six_failing_looks_are_too_many(tmp_path, capfd):
    answers = [(404, ""), (204, ""), *[(500, "broken")] * 6]
    assert play(tmp_path, answers, "check", capfd=capfd)[0] == 1
