"""Choosing the root's files out of the locked packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build.audit.crafted import LOADER, elf

from skyrocket.build.image.selection import (
    DebianTree,
    Pool,
    chosen,
    merged,
    resolve,
    with_libraries,
)
from skyrocket.build.lock.deb import Member
from skyrocket.models.definition import Files, Package

if TYPE_CHECKING:
    from pathlib import Path

MULTIARCH = "x86_64-linux-gnu"
LIB = f"usr/lib/{MULTIARCH}"


def tree(folder: Path, name: str, files: dict[str, bytes | str]) -> DebianTree:
    """A package: bytes are files, texts are symlinks."""
    members = []
    for path, content in files.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o755 if "bin/" in path else 0o644
        if isinstance(content, str):
            members.append(Member(path, "symlink", 0o777, 0, 0, 0, 0, content))
        else:
            target.write_bytes(content)
            members.append(Member(path, "file", mode, 0, 0, len(content), 0))
    return DebianTree(name, folder / name, members)


def package(*include: str, exclude: tuple[str, ...] = ()) -> Package:
    return Package(description="x", files=Files(include=include, exclude=exclude))


@pytest.fixture
def pool(tmp_path) -> Pool:
    program = elf(interpreter=LOADER, needed=("liba.so.1",))
    return Pool(
        [
            tree(tmp_path, "x", {"bin/x": program, "etc/x.conf": b"x", "etc/l": "x.conf"}),
            tree(
                tmp_path,
                "liba",
                {
                    f"{LIB}/liba.so.1": "liba.so.1.2",
                    f"{LIB}/liba.so.1.2": elf(soname="liba.so.1", needed=("libb.so.1",)),
                    f"{LIB}/libb.so.1": elf(soname="libb.so.1"),
                    "lib64/ld-linux-x86-64.so.2": elf(soname="ld-linux-x86-64.so.2"),
                },
            ),
        ]
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("bin/x", "usr/bin/x"),
        ("lib64/x", "usr/lib64/x"),
        ("sbin", "usr/sbin"),
        ("usr/bin/x", "usr/bin/x"),
        ("library/x", "library/x"),
        ("etc/bin", "etc/bin"),
        ("", ""),
    ],
)
def test_merged(path: str, expected: str) -> None:
    """Old top folders lead into /usr."""
    assert merged(path) == expected


@pytest.mark.parametrize(
    ("path", "link", "expected"),
    [
        ("usr/bin/a", "b", "usr/bin/b"),
        ("usr/bin/a", "../sbin/b", "usr/sbin/b"),
        ("usr/bin/a", "/bin/b", "usr/bin/b"),
        ("usr/bin/a", "./../../etc/b", "etc/b"),
        ("a", "../../b", "b"),
    ],
)
def test_resolve(path: str, link: str, expected: str) -> None:
    """Where a link leads, from where it is."""
    assert resolve(path, link) == expected


def test_paths_on_the_node(pool: Pool) -> None:
    """/bin is in /usr, and /etc is what the factory folder becomes."""
    assert {"usr/bin/x", "usr/share/factory/etc/x.conf"} <= pool.entries.keys()
    assert pool.entries["usr/bin/x"].origin == "debian:x"


def test_pattern_that_selects_nothing(pool: Pool) -> None:
    """It is a mistake with package, place and pattern."""
    mistakes: list[str] = []
    found = chosen(pool, {"p": package("/usr/bin/x", "/usr/bin/absent")}, mistakes)
    assert list(found) == ["usr/bin/x"]
    assert mistakes == ["p/package.toml: files.include[1]: /usr/bin/absent is in no locked package"]


def test_exclude(pool: Pool) -> None:
    """A package leaves out what it says; another package's files are its own business."""
    mistakes: list[str] = []
    packages = {
        "p": package(f"/{LIB}/*", exclude=(f"/{LIB}/libb*",)),
        "q": package("/usr/bin/*", exclude=(f"/{LIB}/liba*",)),
    }
    found = chosen(pool, packages, mistakes)
    assert sorted(found) == ["usr/bin/x", f"{LIB}/liba.so.1", f"{LIB}/liba.so.1.2"]
    assert mistakes == []


def test_libraries_follow_to_the_last(pool: Pool) -> None:
    """A program brings its loader, libraries, their links and their libraries."""
    mistakes: list[str] = []
    found = with_libraries(pool, {"usr/bin/x": pool.entries["usr/bin/x"]}, MULTIARCH, mistakes)
    assert mistakes == []
    assert sorted(found) == [
        "usr/bin/x", f"{LIB}/liba.so.1", f"{LIB}/liba.so.1.2", f"{LIB}/libb.so.1",
        "usr/lib64/ld-linux-x86-64.so.2",
    ]  # fmt: skip


def test_library_in_no_package(tmp_path) -> None:
    """A library that nobody has is a mistake that names who needs it."""
    pool = Pool([tree(tmp_path, "x", {"usr/bin/x": elf(needed=("libgone.so.1",))})])
    mistakes: list[str] = []
    with_libraries(pool, dict(pool.entries), MULTIARCH, mistakes)
    assert mistakes == ["debian:x: /usr/bin/x needs libgone.so.1: in no locked package"]


def test_link_in_etc_brings_its_target(pool: Pool) -> None:
    """A link of /etc is followed where the node has it, not in the factory folder."""
    link = pool.entries["usr/share/factory/etc/l"]
    found = with_libraries(pool, {link.path: link}, MULTIARCH, [])
    assert "usr/share/factory/etc/x.conf" in found


def test_absolute_link_into_etc_brings_its_target(tmp_path) -> None:
    """So is a link from elsewhere into /etc."""
    files: dict[str, bytes | str] = {"usr/lib/l": "/etc/x.conf", "etc/x.conf": b"x"}
    pool = Pool([tree(tmp_path, "x", files)])
    found = with_libraries(pool, {"usr/lib/l": pool.entries["usr/lib/l"]}, MULTIARCH, [])
    assert "usr/share/factory/etc/x.conf" in found
