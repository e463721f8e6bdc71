import os
import shutil
import socket
import subprocess
import threading
from contextlib import suppress

import pytest

from skyrocket import command
from skyrocket.host.system import bus, systemd

DAEMON = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
CONFIGURATION = """<busconfig><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow send_destination="*"/><allow own="*"/>
<allow eavesdrop="true"/></policy></busconfig>"""


@pytest.fixture
def daemon(tmp_path):
    """A real D-Bus daemon: another implementation judges our wire."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("no dbus-daemon on this machine")
    path = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(CONFIGURATION.format(path=path))
    process = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--print-address=1", f"--config-file={tmp_path}/bus.conf"],
        stdout=subprocess.PIPE,
    )
    try:
        process.stdout.readline()
        yield str(path)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_a_real_daemon_understands_calls_and_we_its_replies(daemon):
    calls = [
        bus.call(1, "Hello", target=DAEMON),
        bus.call(2, "NameHasOwner", "org.freedesktop.DBus", target=DAEMON),
        bus.call(3, "GetNameOwner", "no.such.name", target=DAEMON),
        bus.call(4, "GetNameOwner", "org.freedesktop.DBus", target=DAEMON),
        bus.call(5, "StartUnit", "a", "replace", target=DAEMON),
    ]
    replies = bus.ask(daemon, calls)
    assert [reply.name if reply else None for reply in replies] == [
        None,
        None,
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        None,
        "org.freedesktop.DBus.Error.UnknownMethod",
    ]
    assert "no.such.name" in replies[2].text


def test_a_call_is_these_bytes():
    wanted = (
        b"l\x01\0\x01" + b"\x1c\0\0\0" + b"\x07\0\0\0" + b"\x78\0\0\0"
        b"\x01\x01o\0\x19\0\0\0/org/freedesktop/systemd1\0" + bytes(6) + b"\x02\x01s\0"
        b"\x20\0\0\0org.freedesktop.systemd1.Manager\0" + bytes(7) + b"\x03\x01s\0"
        b"\x09\0\0\0StartUnit\0" + bytes(6) + b"\x08\x01g\0\x02ss\0"
        b"\x09\0\0\0a.service\0" + bytes(2) + b"\x07\0\0\0replace\0"
    )  # fmt: skip
    assert bus.call(7, "StartUnit", "a.service", "replace") == wanted


class Manager:
    """A socket that plays systemd: accepts the login, answers with prepared replies."""

    def __init__(self, path, replies):
        self.path, self.login, self.got, self._replies = path, b"", b"", replies
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
        with client, suppress(BrokenPipeError, ConnectionResetError):  # whoever asked gave up
            self.login = client.recv(1000)
            client.sendall(b"OK 0123456789abcdef\r\nAGREE_UNIX_FD\r\n")
            self.got = client.recv(65536)
            client.sendall(b"".join(self._replies))
            client.recv(1)


def message(kind, fields=b"", body=b""):
    head = bytes((ord("l"), kind, 1, 1)) + bus._number(len(body)) + bus._number(1)
    return bus._padded(head + bus._number(len(fields)) + fields, 8) + body


OK = message(2, bytes((5, 1)) + b"u\0" + bus._number(1))
SIGNAL = message(4, bus._field(b"", 3, "s", "UnitNew"))
ABSENT = message(
    3,
    bus._field(bytes((5, 1)) + b"u\0" + bus._number(1), 4, "s", bus.NO_SUCH_UNIT),
    bus._string("Unit a.service not found."),
)


def test_units_are_ordered_with_one_call_each(tmp_path):
    with Manager(str(tmp_path / "s"), [OK, SIGNAL, OK]) as manager:
        systemd.change("start", ["a.service", "b.service"], manager.path)
    calls = [
        bus.call(1, "StartUnit", "a.service", "replace"),
        bus.call(2, "StartUnit", "b.service", "replace"),
    ]
    assert manager.got == b"".join(calls)


def test_no_call_is_sent_before_the_login_is_over(tmp_path):
    """What comes together with BEGIN would lie in systemd's buffer for ever."""
    with Manager(str(tmp_path / "s"), [OK]) as manager:
        systemd.change("start", ["a.service"], manager.path)
    user = str(os.getuid()).encode().hex().encode()
    assert manager.login == b"\0AUTH EXTERNAL " + user + b"\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"


def test_a_unit_that_cannot_start_is_an_error_that_names_it(tmp_path):
    with (
        Manager(str(tmp_path / "s"), [ABSENT]) as manager,
        pytest.raises(bus.BusError, match=r"cannot start a\.service: Unit a\.service not found\."),
    ):
        systemd.change("start", ["a.service"], manager.path)


@pytest.mark.parametrize("what", ["stop", "try-restart"])
def test_a_unit_that_is_not_there_needs_no_stop(tmp_path, what):
    with Manager(str(tmp_path / "s"), [ABSENT]) as manager:
        systemd.change(what, ["a.service"], manager.path)


def test_without_the_socket_systemctl_is_asked(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(command, "run", asked.append)
    systemd.change("restart", ["a.service"], str(tmp_path / "none"))
    assert asked == [["/usr/bin/systemctl", "--no-block", "restart", "--", "a.service"]]


def test_a_manager_that_stays_silent_is_asked_through_systemctl(tmp_path, monkeypatch):
    """An answer that does not come costs seconds, not the change."""
    asked = []
    monkeypatch.setattr(command, "run", asked.append)
    monkeypatch.setattr(bus, "TIMEOUT", 0.05)
    with Manager(str(tmp_path / "s"), []) as manager:
        systemd.change("stop", ["a.service"], manager.path)
    assert asked == [["/usr/bin/systemctl", "--no-block", "stop", "--", "a.service"]]


def test_no_units_need_nobody(tmp_path):
    systemd.change("start", [], str(tmp_path / "none"))
