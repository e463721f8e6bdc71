"""The bundle: the same bytes from the same files, read at any offset, whole or not at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from skyrocket.fetch import bundle, download
from skyrocket.fetch.errors import ConfigError, DiskError, NotFoundError
from skyrocket.fetch.wanted import Place, Wanted

if TYPE_CHECKING:
    from pathlib import Path

DATA = [b"one" * 1000, b"two" * 5000, b""]


def files(folder: Path) -> list[Path]:
    folder.mkdir()
    found = []
    for data in DATA:
        path = folder / hashlib.sha256(data).hexdigest()
        path.write_bytes(data)
        found.append(path)
    return found


def wanted(tar: Path, data: bytes) -> Wanted:
    digest = hashlib.sha256(data).hexdigest()
    return Wanted("x", digest, len(data), (Place(f"bundle://{tar}#{digest}", "bundle"),), "mend")


def test_everything_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Files and lock are read back; a part is continued inside the bundle."""
    tar = tmp_path / "all.tar"
    bundle.write(tar, b"the lock", files(tmp_path / "in"))
    out = tmp_path / "out"
    out.mkdir()
    first = wanted(tar, DATA[0])
    (out / f"{first.sha256}.part").write_bytes(DATA[0][:1234])
    paths = download.fetch([wanted(tar, data) for data in DATA[:2]], out)
    assert [path.read_bytes() for path in paths] == DATA[:2]
    assert bundle.read_lock(tar) == b"the lock"


def test_the_same_files_give_the_same_bundle(tmp_path: Path) -> None:
    """Order, times and owners of the files do not show."""
    first, second = tmp_path / "1.tar", tmp_path / "2.tar"
    found = files(tmp_path / "in")
    bundle.write(first, b"lock", found)
    for path in found:
        path.chmod(0o600)
    bundle.write(second, b"lock", reversed(found))
    assert first.read_bytes() == second.read_bytes()


def test_a_file_that_is_not_in_the_bundle(tmp_path: Path) -> None:
    """A missing file is an ordinary missing file."""
    tar = tmp_path / "all.tar"
    bundle.write(tar, b"lock", [])
    with pytest.raises(NotFoundError, match="bundle: not in the bundle"):
        download.fetch([wanted(tar, b"absent")], tmp_path)


def test_a_file_that_is_no_bundle(tmp_path: Path) -> None:
    """Any other file is refused by name."""
    path = tmp_path / "b.tar"
    path.write_bytes(b"x" * 2000)
    with pytest.raises(ConfigError, match=f"cannot read bundle {path}"):
        bundle.read_lock(path)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """When a file cannot be read, no bundle and no part of one is left."""
    with pytest.raises(DiskError, match="cannot write bundle"):
        bundle.write(tmp_path / "b.tar", b"lock", [tmp_path / "absent"])
    assert list(tmp_path.iterdir()) == []
