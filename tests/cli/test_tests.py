"""`test`: lanes one after the other, none hides another, and the closing line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skyrocket.cli import tests
from skyrocket.cli.tests import Lane, together

ALL = "==== 1 failed, 20 passed, 3 skipped in 2.50s ===="


def test_the_closing_line_of_all_lanes_is_in_pytests_form():
    """Counts and seconds are added."""
    line = together([ALL, "2 passed, 1 error in 100.00s (0:01:40)"])
    assert line.strip("= ") == "1 failed, 22 passed, 3 skipped, 1 error in 102.50s"
    assert line.startswith("=")


def test_a_lane_without_tests_adds_nothing():
    """Deselected tests are counted, none ran."""
    assert "no tests ran in 0.10s" in together(["no tests ran in 0.10s"])


@pytest.fixture
def lanes(monkeypatch, tmp_path):
    """Three lanes whose pytest is a program of ours: what it prints, and how it ends."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(tests.environment, "ready", lambda group: tmp_path)

    def put(*programs: str) -> None:
        made = tuple(Lane(f"lane{at}", program, 1) for at, program in enumerate(programs))
        monkeypatch.setattr(tests, "LANES", made)

    def program(*words: str) -> tuple[str, ...]:
        return (sys.executable, "-c", words[words.index("-m", 2) + 1])

    monkeypatch.setattr(tests, "python", program)
    return put


def test_a_failing_lane_hides_no_other(lanes, capsys):
    """All lanes run, their results stand together at the end, and the status says failed."""
    lanes(
        "print('1 passed in 0.10s')",
        "print('1 failed in 0.20s'); raise SystemExit(1)",
        "print('2 passed, 1 skipped in 0.30s')",
    )
    assert tests.main([]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("lane0")  # the estimate comes before everything
    assert said[-4:-1] == [
        "lane0: 1 passed in 0.10s",
        "lane1: 1 failed in 0.20s",
        "lane2: 2 passed, 1 skipped in 0.30s",
    ]
    assert said[-1].strip("= ") == "3 passed, 1 failed, 1 skipped in 0.60s"


def test_a_lane_that_is_killed_is_a_failure(lanes, capsys):
    """A signal is no success, whatever number stands for it."""
    lanes("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "print('1 passed in 0.10s')")
    assert tests.main([]) == 1
    assert "lane0: ended by signal 9" in capsys.readouterr().out


def test_silence_is_filled(monkeypatch, capsys):
    """While a test says nothing, the lane and its time are said."""
    monkeypatch.setattr(tests, "PATIENCE", 0.0)
    reader, writer = os.pipe()
    asked = []

    def ready(files: list[int], *_: object) -> tuple[list[int], list[int], list[int]]:
        asked.append(files)
        if len(asked) == 2:
            os.write(writer, b".....\n5 passed in 1.00s\n")
            os.close(writer)
        return (files if len(asked) > 1 else [], [], [])

    monkeypatch.setattr(tests.select, "select", ready)
    assert tests._pass_on(reader, "image", 240) == "5 passed in 1.00s"
    os.close(reader)
    assert "image: 0 s of about 4 min 00 s" in capsys.readouterr().err


def test_every_test_file_is_in_some_lane(tmp_path):
    """pytest by itself leaves out folders of some names, `build` among them.

    The files' names and folders decide, so empty ones stand for them: that is quicker.
    """
    root = Path(__file__).parents[2]
    there = {str(path.relative_to(root)) for path in (root / "tests").rglob("test_*.py")}
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("def test_it():\n    pass\n", encoding="ascii")
    shutil.copy(root / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [sys.executable, *tests.words("boot or not boot"), "--collect-only", "-q",
         "-o", "addopts=", "-o", "filterwarnings="],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )  # fmt: skip
    collected = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert there - collected == set(), done.stdout[-2000:]


def test_a_proof_runs_only_when_its_file_is_named(lanes, capsys):
    """Unnamed, the words that leave proofs out are part of what the lane selects."""
    lanes(f"raise SystemExit(3)\n'x'{tests.PROOFS.replace('proof', '1')}")
    assert tests.main([]) == 1
    lanes(f"print('1 passed in 0.10s'){tests.PROOFS}")
    assert tests.main(["any"]) == 0
    assert "1 passed in 0.10s" in capsys.readouterr().out
    assert tests.LANES[0].marks.endswith(tests.PROOFS)
