import os
import pty
from pathlib import Path

import pytest
from fakes import api_node

from skyrocket.host.boot import console
from skyrocket.host.system import clock


def test_the_ready_line_is_what_a_test_or_a_person_waits_for():
    said = console.ready("1.2.3", "10.0.2.15", 7.25)
    assert said == "skyrocket: ready version=1.2.3 address=10.0.2.15 uptime=7.2"


def test_an_api_that_never_answers_is_said():
    line = console.ready(None, "none", 1.0)
    assert line.startswith("skyrocket: failed: the API does not answer version=? ")


def test_what_is_wrong_has_a_line_each():
    assert console.degraded(["cannot read x", "y"]) == [
        "skyrocket: degraded",
        "skyrocket: cannot read x",
        "skyrocket: y",
    ]
    assert console.degraded([]) == []


@pytest.mark.parametrize(
    ("report", "wanted"),
    [
        ('{"previous_boot":{"ended":"panic: x"}}', ["skyrocket: the boot before ended: panic: x"]),
        ('{"previous_boot":{"ended":""}}', []),
        ('{"degraded":[]}', []),
        ("{", []),
    ],
)
def test_a_boot_that_did_not_end_in_order_is_named(tmp_path, report, wanted):
    (tmp_path / "initrd.json").write_text(report)
    assert console.ended(str(tmp_path / "initrd.json")) == wanted


def test_without_a_report_nothing_ended(tmp_path):
    assert console.ended(str(tmp_path / "none")) == []


class Screen:
    """One console in place of the node's, and the node's state, which a test changes."""

    def __init__(self, tmp_path, monkeypatch):
        self.address, self.shown = "none", []
        monkeypatch.setattr(console, "wait", lambda *_: "1.2.3")
        monkeypatch.setattr(console, "address", lambda: self.address)
        monkeypatch.setattr(console, "troubles", lambda _: [])
        monkeypatch.setattr(console, "SHOWN", str(tmp_path / "shown"))
        monkeypatch.setattr(console, "INITRD", str(tmp_path / "initrd.json"))
        monkeypatch.setattr(console, "show", lambda text, _: self.shown.append(text))


def test_the_same_state_is_shown_once(tmp_path, monkeypatch):
    screen = Screen(tmp_path, monkeypatch)
    console.main([])
    console.main(["changed"])
    assert len(screen.shown) == 1


def test_an_address_that_appeared_is_shown(tmp_path, monkeypatch):
    screen = Screen(tmp_path, monkeypatch)
    console.main([])
    screen.address = "10.0.2.15"
    console.main(["changed"])
    assert " address=10.0.2.15 " in screen.shown[1][0]


def test_without_a_word_it_is_shown_again(tmp_path, monkeypatch):
    screen = Screen(tmp_path, monkeypatch)
    console.main([])
    console.main([])
    assert len(screen.shown) == 2


def test_it_waits_until_the_api_answers(tmp_path):
    pauses = []
    with api_node.serving(tmp_path, api_node.state(tmp_path)) as path:
        hidden = f"{path}.hidden"
        Path(path).rename(hidden)

        def pause(seconds):
            pauses.append(seconds)
            Path(hidden).rename(path)

        assert console.wait(path, clock.uptime() + 30, pause) == "1.2.3"
    assert pauses == [console.PAUSE_SECONDS]


def test_it_gives_up_at_its_deadline(tmp_path):
    assert console.wait(str(tmp_path / "none"), clock.uptime() - 1, lambda _: None) is None


def test_troubles_of_all_programs_are_gathered(tmp_path):
    (tmp_path / "a").write_text('{"degraded":["x","y"],"seconds":{}}')
    (tmp_path / "b").write_text('{"ok":false,"error":"z"}')
    (tmp_path / "c").write_text("{")
    found = console.troubles([str(tmp_path / name) for name in ("a", "b", "c", "none")])
    assert found[:3] == ["x", "y", "z"]
    assert found[3].startswith(f"cannot read {tmp_path}/c: ")


def test_a_terminal_named_twice_gets_the_text_once(tmp_path):
    ours, theirs = pty.openpty()
    try:
        name = os.ttyname(theirs)
        console.show(["skyrocket: ready"], [name, name, str(tmp_path / "none")])
        assert os.read(ours, 100).replace(b"\r\r", b"\r") == b"skyrocket: ready\r\n"
    finally:
        os.close(ours)
        os.close(theirs)


def test_every_console_is_named_once(tmp_path):
    (tmp_path / "active").write_text("tty0 ttyS0\n")
    assert console.consoles(str(tmp_path / "active")) == ["/dev/tty0", "/dev/ttyS0"]
    assert console.consoles(str(tmp_path / "none")) == ["/dev/ttyS0"]
