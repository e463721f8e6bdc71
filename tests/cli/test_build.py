"""The words of `build`."""

import pytest

from skyrocket.cli import build


def test_a_build_needs_no_words() -> None:
    """The default variant in the project's own version."""
    wish = build.wished([])
    assert (wish.variant, wish.version, wish.keys) == ("vm-dev", None, None)


def test_a_version_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """What the loader could not sort is refused with an example."""
    assert build.wished(["vm-bare", "--version", "1.2.3~rc1"]).version == "1.2.3~rc1"
    with pytest.raises(SystemExit):
        build.wished(["--version", "1.2"])
    assert "'1.2' is no version like 1.2.3" in capsys.readouterr().err
