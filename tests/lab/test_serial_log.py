"""What a serial log tells."""

from skyrocket.lab import serial

QUIET = (
    serial.start_mark("2026-11-23 22:04:45")
    + "[    2.313485] watchdog: watchdog0: watchdog did not stop!\r\n"
    "[    3.100000] skyrocket: etc: no such file\r\n"
    "[   13.561579] reboot: Restarting system\r\n"
    "[    3.444250] watchdog: watchdog0: watchdog did not stop!\r\n"
    "[    3.444249] a processor prints a little late\r\n"
    "\x1b[!p\x1b]104\x07\x1b[?7hskyrocket: ready version=0.1.0 address=10.0.2.15 uptime=13.6\r\n"
    + serial.start_mark("2026-11-23 22:09:00")
    + "[    4.000000] first line\r\n"
)


def test_boots_are_cut_by_the_labs_mark_and_by_a_clock_that_goes_back():
    """Two boots of the first start, one of the second; nothing is lost."""
    cut = serial.boots(QUIET)
    assert len(cut) == 3
    assert "".join(cut) == QUIET
    assert "Restarting" in cut[0]
    assert "ready" in cut[1]
    assert "first line" in cut[2]


def test_an_empty_log_has_no_boots():
    """No text, no boot."""
    assert serial.boots("") == []


def test_readiness_is_read_with_its_values():
    """Also when the terminal's set-up stands before it on the line."""
    assert serial.ready(QUIET) == ("0.1.0", "10.0.2.15", "13.6")
    assert serial.ready("skyrocket: failed: the API does not answer version=? x") is None


def test_what_the_node_says_ended_the_boot_is_a_failure():
    """Each way to fail, and none while it may still succeed."""
    said = {
        "x\nskyrocket: this boot failed. etc: no such file\nskyrocket: starting again in 10 s": (
            "skyrocket: this boot failed. etc: no such file"
        ),
        "skyrocket: stopped. 3 boots without health\r\n": (
            "skyrocket: stopped. 3 boots without health"
        ),
        "skyrocket: failed: the API does not answer version=? address= uptime=90": (
            "skyrocket: failed: the API does not answer version=? address= uptime=90"
        ),
        "[ 1.0] Kernel panic - not syncing: x": "Kernel panic - not syncing: x",
        "skyrocket: etc: no such file\n[    2.3] watchdog": "",
    }
    assert {text: serial.failure(text) for text in said} == said


def test_the_stage_is_the_furthest_that_left_a_trace():
    """From nothing to ready."""
    stages = [
        ("", "start of the virtual machine"),
        ("BdsDxe: loading Boot0001", "firmware"),
        ("[    0.000000] Linux version 6.12", "kernel"),
        ("[    3.100000] skyrocket: etc: x", "initrd"),
        ("[    3.1] x\nWelcome to Skyrocket!", "systemd"),
        (QUIET, "ready"),
    ]
    assert [serial.stage(text) for text, _ in stages] == [name for _, name in stages]


def test_the_telling_lines_are_few_and_not_repeated():
    """Trouble first, then the very last lines, each once, without escape sequences."""
    text = "\n".join(
        ["noise"] * 40
        + ["mount failed: bad superblock"]
        + [f"line {n}" for n in range(30)]
        + ["\x1b[31mthe end\x1b[0m"] * 3
    )
    found = serial.telling(text, 6)
    assert found == ["mount failed: bad superblock", "line 28", "line 29", "the end"]


def test_control_characters_do_not_reach_the_terminal():
    """A node must not be able to drive the terminal that shows its log."""
    assert serial.clean("\x1b]0;title\x07a\x1b[2Jb\x00c\n\n") == ["]0;titleabc"]
