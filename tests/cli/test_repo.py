"""`repo`: the command line of the publisher, from nothing to a served version."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from publish.conftest import image

from skyrocket.cli import repo
from skyrocket.models.releases import ReleaseError, bounds
from skyrocket.publish.errors import PublishError

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, verb: str, *words: str) -> int:
    return repo.main([verb, "--repo", str(folder), *words])


def test_the_whole_line_from_nothing_to_a_withdrawn_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "repo"
    assert run(folder, "init") == 0
    assert (folder / "root.json").is_file()
    assert (tmp_path / "repo.keys").is_dir()
    for name, version in (("a", "1.0.0"), ("b", "1.1.0")):
        assert run(folder, "add", "--manifest", str(image(tmp_path / name, version))) == 0
    start = ("--start", "2026-11-25T12:00:00Z")
    assert run(folder, "wave", "--version", "1.1.0", "--waves", "ohno", *start) == 0
    assert run(folder, "check") == 0
    capsys.readouterr()
    assert run(folder, "show", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["updates"][1]["waves"]["0"] == "2026-11-25T12:30:00Z"
    assert run(folder, "withdraw", "--version", "1.1.0") == 0
    assert run(folder, "refresh") == 0
    assert run(folder, "rotate", "--role", "root") == 0
    assert run(folder, "refresh", "--root") == 0
    assert run(folder, "sign") == 0
    capsys.readouterr()
    assert run(folder, "show") == 0
    assert "1.1.0        vm-dev (x86_64)  withdrawn" in capsys.readouterr().out


def test_a_repository_with_a_fault_makes_check_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "repo", "init")
    run(tmp_path / "repo", "add", "--manifest", str(image(tmp_path / "a", "1.0.0")))
    (target,) = (tmp_path / "repo/targets").glob("*-boot.efi")
    target.write_bytes(b"")
    capsys.readouterr()
    assert run(tmp_path / "repo", "check") == 1
    assert "-boot.efi: Observed length 0 does not match" in capsys.readouterr().out


def test_a_version_of_two_kinds_must_be_said_in_full(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    run(folder, "init")
    for variant in ("vm-dev", "vm-bare"):
        made = image(tmp_path / variant, "1.0.0", variant)
        run(folder, "add", "--manifest", str(made))
    with pytest.raises(ReleaseError, match="several kinds of node have it"):
        run(folder, "withdraw", "--version", "1.0.0")
    assert run(folder, "withdraw", "--version", "1.0.0", "--variant", "vm-bare") == 0


def test_every_wave_plan_that_comes_with_the_project_is_one() -> None:
    assert repo.plans() == ["accelerated", "default", "ohno", "slow-roll"]
    for name in repo.plans():
        assert len(bounds(repo._plan(name), datetime(2026, 1, 1, tzinfo=UTC))) >= 5


def test_waves_that_are_not_there_are_said_with_those_that_are() -> None:
    with pytest.raises(PublishError, match="cannot read waves nothing: No such file"):
        repo._plan("nothing")


def test_a_version_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    run(folder, "init")
    with pytest.raises(ReleaseError, match="no such version") as caught:
        run(folder, "withdraw", "--version", "1.0.0")
    assert caught.value.hint == "it has none"
    run(folder, "add", "--manifest", str(image(tmp_path / "a", "1.0.0")))
    with pytest.raises(ReleaseError, match="no such version") as caught:
        run(folder, "withdraw", "--version", "1.0.1")
    assert caught.value.hint == "it has 1.0.0 for vm-dev (x86_64)"


@pytest.mark.parametrize(
    ("text", "said"),
    [("2026-11-25T12:00:00", "lacks its zone"), ("tomorrow", "no time of RFC 3339")],
)
def test_a_start_that_could_mean_two_moments_is_refused(text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=said):
        repo.moment(text)
    assert repo.moment("2026-11-25T13:00:00+01:00") == datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_wave_plan_is_played_without_a_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "curve.svg"
    words = ["--waves", "default", "--nodes", "300", "--every", "6 hours", "--svg", str(drawn)]
    assert repo.main(["simulate", *words]) == 0
    assert "\n100 %  " in capsys.readouterr().out
    assert drawn.read_text().startswith("<svg")
    with pytest.raises(PublishError, match="1 to 10000 can be"):
        repo.main(["simulate", "--waves", "default", "--nodes", "10001"])
    for wrong in ("0 hours", "often"):
        with pytest.raises(SystemExit):
            repo.main(["simulate", "--waves", "default", "--every", wrong])
