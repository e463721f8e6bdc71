"""The proof of reproducible builds finds what is different, and says where."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/proofs/reproducible.py"


@pytest.fixture(scope="module")
def proof():
    specification = importlib.util.spec_from_file_location("reproducible", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["reproducible"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def folders(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same").write_bytes(b"x" * 5000)
    return tmp_path / "one", tmp_path / "other"


def test_same_files(proof, folders) -> None:
    """Equal folders have no differences."""
    assert proof.differences(*folders) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "offset"),
    [
        (b"abc", b"abd", 2),
        (b"abc", b"abcd", 3),
        (b"", b"a", 0),
        (b"y" * (1 << 20) + b"a", b"y" * (1 << 20) + b"b", 1 << 20),
    ],
)
def test_first_different_byte(proof, folders, ours: bytes, theirs: bytes, offset: int) -> None:
    """The first byte that differs is named, also behind a whole chunk and at a file's end."""
    (folders[0] / "f").write_bytes(ours)
    (folders[1] / "f").write_bytes(theirs)
    assert proof.differences(*folders) == [("f", offset)]


def test_missing_file(proof, folders) -> None:
    """A file that only one build made is a difference."""
    (folders[1] / "f").write_bytes(b"")
    assert proof.differences(*folders) == [("f", -1)]


def test_place_of_the_planted_moment(proof, tmp_path) -> None:
    """The line behind which the proof plants a moment is still in the composer, once."""
    path, where = proof.PLANT
    source = (proof.ROOT / path).read_text()
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(source)
    proof.plant_moment(tmp_path)
    planted = (tmp_path / path).read_text()
    assert source.count(where) == 1
    assert "ctime()" in planted
    compile(planted, path, "exec")


def test_circumstances_have_little_in_common(proof) -> None:
    """Everything that this machine can vary is varied."""
    first, second = proof.pair()
    same = [
        name
        for name in first._fields
        if getattr(first, name) == getattr(second, name) and name not in {"processors", "uid"}
    ]
    assert same == []


def test_evidence_names_no_machine(proof, tmp_path) -> None:
    """The page has commit and result, and neither paths nor the machine's name."""
    made = proof.Made({"disk.raw": (1, "ab" * 32)}, 9.0)
    text = proof.report("c0ffee", "vm-dev", proof.pair(), [made, made], [], ["disk.raw"])
    assert "| commit | `c0ffee` |" in text
    assert "**identical**" in text
    assert str(Path.home()) not in text
    different = [proof.Difference("disk.raw", 7)]
    text = proof.report("c0ffee", "vm-dev", proof.pair(), [made, made], different, [])
    assert "differs from byte 7" in text
    assert "**not found**" in text
