"""Debian packages made here, read by our reader."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import stat
import tarfile
from pathlib import Path

import pytest

from skyrocket.build.lock import deb
from skyrocket.build.lock.errors import LockError


def entry(name: str, kind: bytes = tarfile.REGTYPE, **more: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, 0o644, 1_700_000_000
    for key, value in more.items():
        setattr(info, key, value)
    return info


def tar(*rows: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in rows:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def ar(*members: tuple[str, bytes]) -> bytes:
    parts = [b"!<arch>\n"]
    for name, data in members:
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        parts.append(data + b"\n" * (len(data) % 2))
    return b"".join(parts)


def package(folder: Path, data: bytes, ending: str = ".xz", name: str = "a" * 64) -> Path:
    pack = {".xz": lzma.compress, ".gz": gzip.compress}.get(ending, lambda raw: raw)
    path = folder / name
    control = ("control.tar.xz", b"odd")
    path.write_bytes(ar(("debian-binary", b"2.0\n"), control, (f"data.tar{ending}", pack(data))))
    return path


SHELL = [
    (entry("./", tarfile.DIRTYPE, mode=0o755), b""),
    (entry("./usr/", tarfile.DIRTYPE, mode=0o750, gid=42), b""),
    (entry("./usr/su", mode=0o4755, uid=3), b"\x7fELF"),
    (entry("./usr/" + "n" * 120, mode=0o600), b"long name"),
    (entry("./usr/link", tarfile.SYMTYPE, mode=0o777, linkname="/etc/su"), b""),
    (entry("./usr/same", tarfile.LNKTYPE, mode=0o4755, linkname="./usr/su"), b""),
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/skyrocket/unpacked"


@pytest.mark.parametrize("ending", [".xz", ".gz", ""])
def test_files_and_what_they_should_be(tmp_path: Path, ending: str) -> None:
    """The tree has the bytes; owner, mode, links and times are in the members."""
    tree, members = deb.unpack(package(tmp_path, tar(*SHELL), ending))
    assert members == [
        deb.Member("usr", "folder", 0o750, 0, 42, 0, 1_700_000_000),
        deb.Member("usr/su", "file", 0o4755, 3, 0, 4, 1_700_000_000),
        deb.Member("usr/" + "n" * 120, "file", 0o600, 0, 0, 9, 1_700_000_000),
        deb.Member("usr/link", "symlink", 0o777, 0, 0, 0, 1_700_000_000, "/etc/su"),
        deb.Member("usr/same", "hardlink", 0o4755, 0, 0, 0, 1_700_000_000, "usr/su"),
    ]
    assert (tree / "usr/su").read_bytes() == b"\x7fELF"
    assert (tree / "usr/same").samefile(tree / "usr/su")
    assert (tree / "usr/link").readlink() == Path("/etc/su")


def test_no_set_user_id_bit_in_the_cache(tmp_path: Path) -> None:
    """A set-user-id program in a cache of root's would be a way to become root."""
    old = os.umask(0o077)
    try:
        tree, _ = deb.unpack(package(tmp_path, tar(*SHELL)))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tree / "usr/su").stat().st_mode) == 0o755


def test_unpacking_twice_reads_once(tmp_path: Path) -> None:
    """The second time the package itself is not needed."""
    file = package(tmp_path, tar(*SHELL))
    first = deb.unpack(file)
    file.write_bytes(b"gone")
    assert deb.unpack(file) == first


def test_many_packages_at_once(tmp_path: Path) -> None:
    """All are unpacked, answers come in the order asked, progress ends at the total."""
    files = [
        package(tmp_path, tar((entry(f"./f{number}"), b"x" * number)), name=f"{number}" * 64)
        for number in range(7)
    ]
    seen: list[tuple[int, int]] = []
    found = deb.unpack_all(files, lambda done, total: seen.append((done, total)))
    assert [one.members[0].path for one in found] == [f"f{number}" for number in range(7)]
    assert seen == [(number, 7) for number in range(1, 8)]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([(entry("../evil"), b"")], "leads outside"),
        ([(entry("./a/../../evil"), b"")], "leads outside"),
        ([(entry("./l", tarfile.LNKTYPE, linkname="../../etc/passwd"), b"")], "leads outside"),
        ([(entry("./d", tarfile.SYMTYPE, linkname="/tmp"), b""), (entry("./d/x"), b"")], "a link"),
        ([(entry("./null", tarfile.CHRTYPE), b"")], "a device"),
        ([(entry("./pipe", tarfile.FIFOTYPE), b"")], "a pipe"),
        ([(entry("./twice"), b"1"), (entry("./twice"), b"2")], "exists"),
    ],
)
def test_what_no_package_should_hold(
    tmp_path: Path, cache: Path, rows: list[tuple[tarfile.TarInfo, bytes]], reason: str
) -> None:
    """Ways out of the tree, devices and doubles are refused, and nothing stays behind."""
    with pytest.raises(LockError, match=reason):
        deb.unpack(package(tmp_path, tar(*rows)))
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an ar archive"),
        (b"PK\x03\x04", "not an ar archive"),
        (ar(("debian-binary", b"2.0\n")), "it has no data.tar"),
        (ar(("data.tar.zst", b"x")), r"compression \.zst is unknown"),
        (ar(("data.tar.xz", b"not xz")), "cannot read package"),
        (ar(("data.tar.xz", lzma.compress(tar(*SHELL))[:-40])), "cannot read package"),
        (ar(("data.tar.xz", lzma.compress(b"no tar" * 200))), "cannot read package"),
        (ar(("data.tar", tar(*SHELL)))[:-9000], "it is cut short"),
        (b"!<arch>\n" + b"x" * 60, "bad ar header at byte 8"),
    ],
)
def test_broken_packages_are_named(tmp_path: Path, cache: Path, data: bytes, reason: str) -> None:
    """Whatever is wrong with the file, the error has its name and nothing stays behind."""
    path = tmp_path / ("b" * 64)
    path.write_bytes(data)
    with pytest.raises(LockError, match=reason) as caught:
        deb.unpack(path)
    assert "b" * 64 in str(caught.value)
    assert list(cache.iterdir()) == []
