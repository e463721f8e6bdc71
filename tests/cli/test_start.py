"""The root script and the last resort: whatever goes wrong, no traceback on the terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from skyrocket.cli import doctor, explain
from skyrocket.cli.verbs import VERBS, nearest
from skyrocket.fetch.errors import FetchError

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "skyrocket"


def call(cache, *argv, **env):
    """Run the root script as a user would, with a clean environment."""
    base = {"PATH": os.environ["PATH"], "HOME": str(cache), "XDG_CACHE_HOME": str(cache)}
    return subprocess.run(
        [str(SCRIPT), *argv],
        env={**base, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def test_alone_it_says_what_it_is_and_what_run_takes(tmp_path):
    """The front page: two commands, megabytes, gigabytes, minutes, where, how to remove."""
    done = call(tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    for part in ("./skyrocket run", "./skyrocket test", " MB to download", " GB of disk", " min"):
        assert part in done.stdout
    assert f"below {tmp_path}/skyrocket" in done.stdout
    assert "clean --all" in done.stdout
    home = len(str(tmp_path))
    assert all(
        len(line) <= 80 + home * (str(tmp_path) in line) for line in done.stdout.splitlines()
    )
    assert not (tmp_path / "skyrocket").exists(), "looking must not write"


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "xx_YY.ISO-8859-1", "PYTHONIOENCODING": "ascii"},
        {"PYTHONHOME": "/nonexistent", "PYTHONPATH": "/nonexistent"},
        {"PYTHONSTARTUP": "/nonexistent", "PYTHONWARNINGS": "error"},
        {"TERM": "", "HOME": ""},
    ],
)
def test_a_strange_environment_does_not_matter(tmp_path, env):
    """Locale and PYTHON… variables of the session do not reach it."""
    done = call(tmp_path, **env)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "written in Python" in done.stdout


def test_it_runs_from_a_path_with_a_space_read_only_and_under_umask_077(tmp_path):
    """A copy of the checkout that may not be written, in a folder with a space."""
    copy = tmp_path / "my check out"
    (copy / "src").mkdir(parents=True)
    for name in ("skyrocket", "packages.lock", "src/skyrocket"):
        (copy / name).symlink_to(ROOT / name)
    (copy / "skyrocket").unlink()
    (copy / "skyrocket").write_bytes(SCRIPT.read_bytes())
    (copy / "skyrocket").chmod(0o555)
    copy.chmod(0o555)
    done = subprocess.run(
        ["sh", "-c", 'umask 077; exec "$0" clean', str(copy / "skyrocket")],
        env={"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path / "c")},
        capture_output=True,
        text=True,
        check=False,
    )
    copy.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to remove" in done.stdout


def test_an_unknown_verb_is_an_error_that_names_the_near_one(tmp_path):
    """Usage errors end with status 2 and no traceback."""
    done = call(tmp_path, "rnu")
    assert done.returncode == 2
    assert "did you mean: ./skyrocket run" in done.stderr


def test_a_cache_that_cannot_be_written_is_a_blocker(tmp_path):
    """A file where the cache should be: one clear error."""
    (tmp_path / "skyrocket").write_text("in the way")
    done = call(tmp_path, "node", "list")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    assert "cannot" in done.stderr


def test_doctor_goes_on_after_a_problem(tmp_path):
    """A refusal of the operating system is one line of the list, with a way out."""
    found = doctor.tried("disk", lambda: (tmp_path / "none" / "x").touch() or None)
    assert "No such file" in found.result
    assert found.way_out
    assert "problem" in doctor.render(found)
    assert "way out: " in doctor.render(found)


def test_a_bundle_that_is_not_there_is_said(tmp_path):
    """`--bundle` is looked at before anything is built."""
    done = call(tmp_path, "build", "--bundle", "/nonexistent file")
    assert done.returncode == 1
    assert "cannot read bundle /nonexistent file: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_verb_has_a_module():
    """The table names modules that are there."""
    missing = [
        name
        for name, verb in VERBS.items()
        if not (ROOT / "src/skyrocket/cli" / f"{verb.module.partition(':')[0]}.py").is_file()
    ]
    assert missing == []


OLD_PYTHONS = sorted(Path("~/.pyenv/versions").expanduser().glob("3.[6-9].*/bin/python3"))


@pytest.mark.skipif(not OLD_PYTHONS, reason="no older Python on this machine")
@pytest.mark.parametrize("old", OLD_PYTHONS, ids=lambda path: path.parts[-3])
def test_an_old_python_finds_a_newer_one_or_names_the_way_out(tmp_path, old):
    """No traceback under any older Python: the newest suitable one takes over, or what to do."""
    done = subprocess.run(
        [str(old), "-I", str(SCRIPT)],
        env={"PATH": "/nonexistent", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        assert "written in Python" in done.stdout
    else:
        assert "install a newer one" in done.stderr


@pytest.mark.skipif(not OLD_PYTHONS, reason="no older Python on this machine")
def test_the_blockers_are_printed_by_an_old_python():
    """Python 3.6 itself looks at the machine and renders what it finds."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from skyrocket.cli import blockers, machine;"
        "print(blockers.render(blockers.find(machine.look())))"
    )
    done = subprocess.run(
        [str(OLD_PYTHONS[0]), "-I", "-B", "-c", code, str(ROOT / "src")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "no newer one is on PATH" in done.stdout


def test_a_spoken_error_is_its_message_and_its_hint(monkeypatch):
    """Errors of our rooms are shown as they are."""
    monkeypatch.setattr(explain.settings, "lines", list)
    said = explain.lines(FetchError("cannot fetch x: gone", "./skyrocket lock --update"))
    assert said == ["skyrocket: cannot fetch x: gone", "  way out: ./skyrocket lock --update"]


def test_a_bug_is_one_line_and_its_traceback_is_in_the_log(tmp_path, capsys):
    """The terminal has the error and the log's path, the log has the rest."""
    try:
        _ = {}["key"]
    except KeyError as error:
        status = explain.report(error, tmp_path)
    said = capsys.readouterr().err
    (log,) = (tmp_path / "logs").iterdir()
    assert status == 1
    assert "Traceback" not in said
    assert "internal error: KeyError: 'key'" in said
    assert str(log) in said
    assert "Traceback" in log.read_text()


def test_a_full_disk_has_a_way_out(tmp_path, capsys):
    """The operating system's errors that a user can mend say how."""
    explain.report(OSError(28, "No space left on device", "/x"), tmp_path)
    assert "way out: free some disk space" in capsys.readouterr().err


def test_an_interruption_says_that_the_next_run_continues(tmp_path, capsys):
    """Ctrl-C is no error."""
    assert explain.report(KeyboardInterrupt(), tmp_path) == 130
    assert "the next run continues" in capsys.readouterr().err


def test_nearest_names_nothing_for_nonsense():
    """A guess only where it helps."""
    assert nearest("xyzzy-qqq") == ""


def test_the_script_needs_no_site_packages(tmp_path):
    """The front page and doctor's own modules import the standard library alone."""
    code = (
        "import sys; sys.path.insert(0, 'src');"
        "import skyrocket.cli.start, skyrocket.cli.doctor, skyrocket.cli.clean;"
        "print([m for m in sys.modules if m.partition('.')[0] in ('msgspec', 'h11', 'tomli_w')])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
