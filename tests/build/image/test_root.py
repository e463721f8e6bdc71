"""The root file system: what is refused before a program is started."""

import errno
from pathlib import Path

import pytest

from skyrocket.build.image import root


def test_a_disk_without_room_is_said_before_the_root_is_made(tmp_path: Path) -> None:
    """The error has the number that the command line explains, and names the folder."""
    root.room(tmp_path, 1)
    with pytest.raises(OSError, match="bytes needed") as caught:
        root.room(tmp_path, 1 << 60)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path))
