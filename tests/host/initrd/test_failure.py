"""The words of a boot that cannot go on."""

from __future__ import annotations

from skyrocket.host.initrd.errors import BootError
from skyrocket.host.initrd.failure import describe


def test_our_errors_speak_for_themselves() -> None:
    """An error of ours is said as it is."""
    assert describe(BootError("cannot find root 1a2b: there is no disk")) == (
        "cannot find root 1a2b: there is no disk"
    )


def test_surprises_name_their_place() -> None:
    """Any other error says its kind and the line it came from, which a console photo keeps."""
    try:
        {}["stage"]
    except KeyError as error:
        text = describe(error)
    assert text.startswith("KeyError: 'stage' at ")
    assert "test_failure.py:" in text
