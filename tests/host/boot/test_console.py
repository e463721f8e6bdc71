import os
import pty
from pathlib import Path

from fakes import api_node

from skyrocket.host.boot import console
from skyrocket.host.system import clock


def test_the_ready_line_is_the_first():
    said = console.lines("1.2.3", "10.0.2.15", 7.25, ["cannot read x"])
    assert said == [
        "skyrocket: ready version=1.2.3 address=10.0.2.15 uptime=7.2",
        "skyrocket: degraded",
        "skyrocket: cannot read x",
    ]


def test_a_node_that_is_well_says_one_line():
    assert len(console.lines("1", "none", 1.0, [])) == 1


def test_an_api_that_never_answers_is_said():
    (line,) = console.lines(None, "none", 1.0, [])
    assert line.startswith("skyrocket: failed: the API does not answer version=? ")


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
