import socket
import threading

import pytest

from skyrocket.host.api.doors import Doors
from skyrocket.host.api.errors import ConflictError, FailedError
from skyrocket.models.api import ApplyRequest, ApplyResult


class Verb:
    """A privileged verb behind its socket: takes one line, gives one, keeps what came."""

    def __init__(self, path, reply=None):
        self.got = b""
        self.descriptors = []
        self._reply = reply
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(10)
        self._listener.close()

    def _serve(self):
        client, _ = self._listener.accept()
        with client:
            self.got, descriptors, _, _ = socket.recv_fds(client, 65536, 1)
            self.descriptors = descriptors
            if self._reply is not None:
                client.sendall(self._reply)
                client.shutdown(socket.SHUT_WR)
            while part := client.recv(65536):
                self.got += part


def test_apply_sends_one_line_and_does_not_wait(tmp_path):
    with Verb(str(tmp_path / "apply.sock")) as verb:
        Doors(str(tmp_path)).apply(ApplyRequest(keys=["settings.motd"]))
    assert verb.got == b'{"keys":["settings.motd"]}\n'


def test_who_wants_the_result_of_applying_waits_for_it(tmp_path):
    with Verb(str(tmp_path / "apply.sock"), b'{"ok":true,"restarted":["a.service"]}\n') as verb:
        result = Doors(str(tmp_path)).applied(ApplyRequest(all=True))
    assert result == ApplyResult(ok=True, restarted=["a.service"])
    assert verb.got == b'{"all":true}\n'


@pytest.mark.parametrize("reply", [b"", b"x\n"])
def test_an_applier_that_ends_without_a_result_is_told(tmp_path, reply):
    with (
        Verb(str(tmp_path / "apply.sock"), reply),
        pytest.raises(FailedError, match="settings are committed; the config"),
    ):
        Doors(str(tmp_path)).applied(ApplyRequest(all=True))


def test_reboot_waits_for_the_answer(tmp_path):
    with Verb(str(tmp_path / "reboot.sock"), b'{"ok":true,"error":null}\n'):
        Doors(str(tmp_path)).reboot()


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (
            b'{"ok":false,"error":"exit code: 1, stderr: no"}\n',
            "^Failed to reboot, exit code: 1, stderr: no$",
        ),
        (b"", "gave no answer"),
        (b"x\n", "gave no answer"),
    ],
)
def test_a_refused_reboot_says_why(tmp_path, reply, text):
    with Verb(str(tmp_path / "reboot.sock"), reply), pytest.raises(FailedError, match=text):
        Doors(str(tmp_path)).reboot()


def test_a_verb_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FailedError, match=r"^Unable to start config applier: No such file"):
        Doors(str(tmp_path)).apply(ApplyRequest(all=True))


def test_exec_hands_over_the_connection_with_the_bytes(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs, Verb(str(tmp_path / "exec.sock")) as verb:
        door = Doors(str(tmp_path)).exec(theirs, b"GET /exec" + b"x" * 60000)
        assert door.recv(1) == b"", "the service ended, and this is how one sees it"
        door.close()
    assert verb.got == b"GET /exec" + b"x" * 60000
    (descriptor,) = verb.descriptors
    socket.socket(fileno=descriptor).close()


def test_an_override_of_the_network_wins_and_is_said(tmp_path):
    doors = Doors(network=str(tmp_path / "net.toml"), override=str(tmp_path / "override"))
    doors.configure_network(b"version = 3\n")
    (tmp_path / "override").write_bytes(b"version = 3\n")
    with pytest.raises(ConflictError, match="override is there and wins"):
        doors.configure_network(b"version = 2\n")
    assert (tmp_path / "net.toml").read_bytes() == b"version = 3\n"


def test_a_network_that_cannot_be_kept_is_500(tmp_path):
    (tmp_path / "file").touch()
    doors = Doors(network=str(tmp_path / "file/net.toml"), override=str(tmp_path / "override"))
    with pytest.raises(FailedError, match=r"Unable to keep .*: Not a directory"):
        doors.configure_network(b"version = 3\n")
