"""scripts/prove finds every proof, with its dependencies, wherever it lives."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def prove(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(ROOT / "scripts/prove"), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)


def test_a_proof_that_is_not_there_gives_the_names_of_those_that_are() -> None:
    """Of scripts and of the tests alike."""
    said = prove("nothing")
    assert said.returncode == 2
    assert {"reproducible", "secure-boot", "fuzz", "endurance", "escape", "updates"} <= set(
        said.stderr.split()
    )


@pytest.mark.parametrize("name", ["fuzz", "endurance", "reproducible", "updates"])
def test_a_proof_starts(name: str) -> None:
    """With its libraries: it can say what it takes."""
    said = prove(name, "--help")
    assert said.returncode == 0, said.stderr
    assert "usage: " in said.stdout
