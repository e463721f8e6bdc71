"""Build steps: done once for the same inputs, whole or not at all."""

from __future__ import annotations

import pytest

from skyrocket.build import step


def test_identity_depends_on_every_input() -> None:
    """Another value or another name is another step; the order of keys is not."""
    one = step.identity("a", {"x": 1, "y": [1, 2]})
    assert one == step.identity("a", {"y": [1, 2], "x": 1})
    others = [("b", {"x": 1, "y": [1, 2]}), ("a", {"x": 2, "y": [1, 2]}), ("a", {"x": 1})]
    assert one not in {step.identity(name, inputs) for name, inputs in others}


def test_inputs_are_plain_data(tmp_path) -> None:
    """A path as an input would put this machine into the identity."""
    with pytest.raises(TypeError, match="plain data"):
        step.identity("a", {"x": tmp_path})


def test_second_run_does_nothing(tmp_path) -> None:
    """The same inputs give the same folder without work; FRESH works again."""
    calls: list[int] = []

    def make(folder) -> None:
        calls.append(1)
        (folder / "out").write_text(str(len(calls)))

    first = step.run(tmp_path, "a", {"x": 1}, make)
    assert step.run(tmp_path, "a", {"x": 1}, make) == first
    assert len(calls) == 1
    again = step.run(tmp_path, "a", {"x": 1}, make, fresh=True)
    assert (again / "out").read_text() == "2"


def test_failed_step_leaves_nothing(tmp_path) -> None:
    """What is half done never looks finished."""

    def make(folder) -> None:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step.run(tmp_path, "a", {}, make)
    assert list(tmp_path.iterdir()) == []


def test_digest_of_a_tree(tmp_path) -> None:
    """Names, contents and x bits count; byte code and other modes do not."""
    (tmp_path / "a").write_text("1")
    (tmp_path / "a").chmod(0o644)
    first = step.digest_tree(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/a.pyc").write_text("x")
    (tmp_path / "a").chmod(0o600)
    assert step.digest_tree(tmp_path) == first
    (tmp_path / "a").chmod(0o755)
    second = step.digest_tree(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, second, step.digest_tree(tmp_path)}) == 3
