"""Where the cache is, and that it is private whatever the umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from skyrocket.fetch import places
from skyrocket.fetch.errors import ConfigError, DiskError


def test_the_cache_follows_xdg_cache_home() -> None:
    """An absolute XDG_CACHE_HOME is used, a relative one ignored as its specification says."""
    own = places.home({})
    assert places.cache({"XDG_CACHE_HOME": "/x y"}) == Path("/x y/skyrocket")
    assert places.cache({"XDG_CACHE_HOME": "here"}) == own / ".cache/skyrocket"


def test_root_does_not_write_into_a_users_home(tmp_path: Path, monkeypatch: object) -> None:
    """Under sudo with the user's HOME, root's own home is used."""
    env = {"HOME": str(tmp_path)}
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    assert places.home(env, uid=0) == Path("/root")


def test_a_user_keeps_the_home_that_is_set(tmp_path: Path) -> None:
    """HOME counts for everyone but root."""
    assert places.home({"HOME": str(tmp_path)}, uid=54321) == tmp_path


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_folders_are_ours_alone_under_any_umask(tmp_path: Path, umask: int) -> None:
    """New folders have mode 0700 and can be entered."""
    old = os.umask(umask)
    try:
        path = places.folder("files", {"XDG_CACHE_HOME": str(tmp_path / "a b")})
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (path / "x").write_text("")


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    """A file where a folder must be is an error with the command that mends it."""
    (tmp_path / "skyrocket").write_text("")
    with pytest.raises(ConfigError, match="a file of that name is in the way") as caught:
        places.folder("files", {"XDG_CACHE_HOME": str(tmp_path)})
    assert caught.value.hint == f"rm {tmp_path}/skyrocket"


def test_a_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """A failed write leaves the old content and no other file."""
    path = tmp_path / "lock"
    places.write(path, b"old")
    with pytest.raises(DiskError):
        places.write(tmp_path / "absent/lock", b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
