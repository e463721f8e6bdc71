import os
import socket
import stat
import threading

import pytest

from skyrocket.host.system import files, proc, requests, systemd


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/rp_filter", "net/ipv4/conf/eth0.1/rp_filter"),
        ("net.ipv4.conf.eth0/1.rp_filter", "net/ipv4/conf/eth0.1/rp_filter"),
    ],
)
def test_the_first_separator_of_a_parameter_decides(key, path):
    assert proc.parameter_path(key) == path


def test_an_attribute_is_written_unless_it_is_chosen_already(tmp_path):
    """Lockdown refuses to be set to what it is."""
    file = tmp_path / "lockdown"
    file.write_text("none [integrity] confidentiality\n")
    file.chmod(0o444)
    proc.set_attribute(str(file), "integrity")
    assert "[integrity]" in file.read_text()
    file.chmod(0o644)
    proc.set_attribute(str(file), "confidentiality")
    assert file.read_text() == "confidentiality"


def test_a_link_is_made_over_whatever_is_there(tmp_path):
    (tmp_path / "a.d").write_text("")
    files.make_link(str(tmp_path / "a.d"), "b.d")
    files.make_link(str(tmp_path / "a.d"), "c.d")
    assert str((tmp_path / "a.d").readlink()) == "c.d"


def test_a_parameter_is_written_to_its_file(tmp_path):
    (tmp_path / "kernel").mkdir()
    proc.set_parameter("kernel.printk", "4 4", str(tmp_path))
    assert (tmp_path / "kernel/printk").read_text() == "4 4\n"


def test_a_replaced_file_has_its_mode_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "a/b"
    files.replace(str(path), b"one", 0o600)
    files.replace(str(path), b"two", 0o640, durable=True)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["b"]


def test_folders_made_for_a_file_are_not_for_others_to_write(tmp_path):
    """The initrd runs without a umask: what it makes must not be open because of that."""
    before = os.umask(0)
    try:
        files.replace(str(tmp_path / "a/b/c"), b"")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")]
    assert modes == [0o755, 0o755, 0o644]


def test_a_link_at_the_temporary_name_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("safe")
    (tmp_path / "file.new").symlink_to(victim)
    files.replace(str(tmp_path / "file"), b"x")
    assert victim.read_text() == "safe"


def test_readiness_goes_to_the_notify_socket(tmp_path, monkeypatch):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        systemd.notify("READY=1")
        assert receiver.recv(100) == b"READY=1"


def test_without_systemd_there_is_no_socket(monkeypatch):
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert systemd.listener() is None
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "0")
    assert systemd.listener() is None


def test_requests_are_answered_one_after_the_other_until_it_is_quiet(tmp_path):
    path = str(tmp_path / "s")
    said = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(4)

        def ask():
            for line in (b"a\n", b"b\n"):
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(10)
                    client.connect(path)
                    client.sendall(line)
                    said.append(client.recv(100))

        asker = threading.Thread(target=ask)
        asker.start()
        requests.drain(listener, lambda line: line.strip() * 2, 1.0)
        asker.join(10)
    assert said == [b"aa\n", b"bb\n"]


def test_a_client_that_does_not_wait_for_its_answer_harms_nobody(tmp_path):
    path = str(tmp_path / "s")
    asked = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(4)
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(b"x\n")

        def answer(line):
            asked.append(line)
            return b"y" * 1_000_000

        requests.drain(listener, answer, 0.05)
    assert asked == [b"x\n", b"x\n"]


def test_a_file_is_waited_for_until_it_appears(tmp_path):
    path = tmp_path / "made"
    later = threading.Timer(0.05, path.write_bytes, [b""])
    later.start()
    assert files.appears(str(path), 5.0)
    later.join()


def test_waiting_for_a_file_has_an_end(tmp_path):
    assert not files.appears(str(tmp_path / "never"), 0.02)
