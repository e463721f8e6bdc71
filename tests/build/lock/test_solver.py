"""apt of the tools tree, started for real: it believes nothing that Debian did not sign."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from skyrocket.build import lock as room
from skyrocket.build import tools
from skyrocket.build.lock import solver
from skyrocket.build.lock.errors import ResolveError
from skyrocket.fetch import sources
from skyrocket.models.progress import Silent

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.file_mirror import Mirror


def order(url: str) -> list[sources.Source]:
    return [sources.Source("test", {"debian": url, "debian-security": url})]


def test_a_source_without_archives_is_an_error(tmp_path: Path) -> None:
    """A bundle alone cannot be resolved from: it has files, no lists."""
    bundle = [sources.Source("bundle x", {}, bundle="x")]
    with pytest.raises(ResolveError, match="no source is configured for archive debian"):
        solver.repositories(sources.defaults(), bundle)


def test_the_first_source_with_an_archive_is_read() -> None:
    """Two sources with one archive each are both read."""
    found = solver.repositories(
        sources.defaults(),
        [
            sources.Source("a", {"debian": "http://a"}),
            sources.Source("b", {"debian": "http://b", "debian-security": "http://s"}),
        ],
    )
    assert [(one.uri, one.suites) for one in found] == [
        ("http://a", ("trixie", "trixie-updates")),
        ("http://s", ("trixie-security",)),
    ]


@pytest.mark.image
def test_unsigned_lists_are_refused(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror whose Release file nobody signed gives an error, not a lock."""
    packages = b"Package: systemd\nVersion: 666\nArchitecture: amd64\n\n"
    digest = hashlib.sha256(packages).hexdigest()
    for suite in sources.defaults().suites:
        release = (
            f"Origin: Debian\nSuite: {suite}\nCodename: {suite}\nComponents: main\n"
            "Architectures: amd64\nDate: Mon, 23 Nov 2026 20:30:01 UTC\n"
            f"SHA256:\n {digest} {len(packages)} main/binary-amd64/Packages\n"
        )
        mirror.add(f"debian/dists/{suite}/Release", release.encode())
        mirror.add(f"debian/dists/{suite}/main/binary-amd64/Packages", packages)
    tree = tools.tree(room.read(), Silent())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    apt = solver.in_tools(tree, "amd64", order(f"{mirror.url}/debian"))
    with pytest.raises(ResolveError, match="not signed"):
        apt.update()
    assert any(path.endswith("Release") for path, _ in mirror.asked)
