"""A set of the lock from mirrors that lost files, from a bundle, and the errors' ways out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from skyrocket.build import lock as room
from skyrocket.build.lock import verbs
from skyrocket.build.lock.source_files import SourceFile
from skyrocket.fetch import bundle
from skyrocket.fetch.errors import NotFoundError
from skyrocket.models.lock import Lock, Package
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.file_mirror import Mirror

NAMES = tuple(f"pkg{number}" for number in range(8))
LOST = {"pkg1", "pkg4", "pkg6"}


def data(name: str) -> bytes:
    return f"the package {name}".encode()


def path(name: str) -> str:
    pool = "pool/updates/main" if name == "pkg4" else "pool/main"
    return f"{pool}/p/{name}_1%3a2+b~c_amd64.deb"


def make_lock() -> Lock:
    packages = tuple(
        Package(
            name, "1:2+b~c", "amd64", path(name), hashlib.sha256(data(name)).hexdigest(),
            len(data(name)), name, "1",
        )
        for name in NAMES
    )  # fmt: skip
    return Lock(("trixie",), "20260101T000000Z", {"tools": {"amd64": NAMES}}, {"amd64": packages})


def fill(mirror: Mirror, names: set[str]) -> str:
    for name in names:
        archive = "debian-security" if "updates" in path(name) else "debian"
        mirror.files[f"{archive}/{path(name)}".replace("%", "%25")] = data(name)
    return f"{mirror.url}/debian"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_mirror_that_lost_three_files(
    mirror: Mirror, second_mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three come from the next source, everything else from the first."""
    first = fill(mirror, set(NAMES) - LOST)
    second = fill(second_mirror, set(NAMES))
    monkeypatch.setenv("SKYROCKET_SOURCES", f"{first} {second}")
    paths = room.fetch(make_lock(), "tools", "amd64")
    assert [one.read_bytes() for one in paths] == [data(name) for name in NAMES]
    assert len(second_mirror.asked) == len(LOST)


def test_a_package_that_is_gone_everywhere(
    mirror: Mirror, second_mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the package with its version, and the command that locks anew."""
    first, second = fill(mirror, set(NAMES) - {"pkg6"}), fill(second_mirror, set())
    monkeypatch.setenv("SKYROCKET_SOURCES", f"{first} {second}")
    with pytest.raises(NotFoundError, match=r"cannot fetch pkg6 1:2\+b~c \(amd64\)") as caught:
        room.fetch(make_lock(), "tools", "amd64")
    assert "./skyrocket lock --update" in caught.value.hint


def test_a_bundle_needs_no_network(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fetched once and bundled is enough for an empty machine."""
    monkeypatch.setenv("SKYROCKET_SOURCES", fill(mirror, set(NAMES)))
    tar = tmp_path / "all.tar"
    bundle.write(tar, b"lock", room.fetch(make_lock(), "tools", "amd64"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    asked = len(mirror.asked)
    paths = room.fetch(make_lock(), "tools", "amd64", bundle=tar)
    assert [one.read_bytes() for one in paths] == [data(name) for name in NAMES]
    assert len(mirror.asked) == asked


def test_a_bundle_of_another_lock(tmp_path: Path) -> None:
    """The way out is a new bundle, not a new lock."""
    tar = tmp_path / "all.tar"
    bundle.write(tar, b"lock", [])
    with pytest.raises(NotFoundError, match="cannot fetch pkg") as caught:
        room.fetch(make_lock(), "tools", "amd64", bundle=tar)
    assert "./skyrocket bundle FILE" in caught.value.hint


def test_a_lock_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing and a broken lock name the file, every mistake, and the command."""
    with pytest.raises(room.LockError, match="No such file") as caught:
        room.read(tmp_path / "packages.lock")
    assert caught.value.hint == "./skyrocket lock --update"
    file = tmp_path / "packages.lock"
    file.write_text('{"schema": 9, "suites": 1, "snapshot": "", "sets": {}, "packages": {}}')
    with pytest.raises(room.LockError) as caught:
        room.read(file)
    assert str(caught.value).startswith(f"cannot read {file}:")
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == [
        "$.schema", "$.suites", "$.snapshot",
    ]  # fmt: skip


def test_sources_are_put_into_one_folder_a_source_package(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source files come from the same mirrors, verified, under the name of their source."""
    content = b"Format: 3.0 (quilt)\n"
    digest = hashlib.sha256(content).hexdigest()
    mirror.files["debian/pool/main/a/app_1.dsc"] = content
    monkeypatch.setenv("SKYROCKET_SOURCES", f"{mirror.url}/debian")
    file = SourceFile("app", "1", "app_1.dsc", "pool/main/a/app_1.dsc", digest, len(content))
    for _ in range(2):  # the second time over what is there
        verbs._fetch_sources([file], tmp_path / "out", Silent())
    assert (tmp_path / "out/app/app_1.dsc").read_bytes() == content
