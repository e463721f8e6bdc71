"""Paths of a file system to be, and the tar stream that carries them."""

from __future__ import annotations

import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from skyrocket.build.image.entries import Entry, with_parents, write_tar

NAMES = st.lists(st.sampled_from(["a", "b", "a-b", "a.b", "A"]), min_size=1, max_size=4)


def file(path: str, content: bytes = b"x", **fields: int) -> Entry:
    return Entry(path, "file", 0o640, "test", content=content, **fields)


@given(st.lists(NAMES.map("/".join), max_size=8))
def test_every_parent_is_there_and_comes_first(paths: list[str]) -> None:
    """However paths are spelled, each has its parents, before it, and stands once."""
    files = [file(f"{path}/end") for path in paths]
    found = [entry.path for entry in with_parents(files)]
    assert len(set(found)) == len(found)
    for number, path in enumerate(found):
        parent = path.rpartition("/")[0]
        assert not parent or parent in found[:number]


def test_named_folder_keeps_its_mode() -> None:
    """A parent that is an entry itself is not replaced."""
    folder = Entry("a", "folder", 0o700, "test")
    assert with_parents([file("a/b"), folder])[0] == folder


def test_size_and_content_from_a_path(tmp_path) -> None:
    """An entry reads its bytes from where they are."""
    (tmp_path / "x").write_bytes(b"four")
    entry = Entry("a", "file", 0o644, "test", content=tmp_path / "x")
    assert (entry.size(), entry.read()) == (4, b"four")
    assert file("a", b"three").size() == 5


def members(*entries: Entry, label: str = "") -> list[tarfile.TarInfo]:
    stream = io.BytesIO()
    write_tar(entries, stream, 1_700_000_000, label)
    stream.seek(0)
    return tarfile.open(fileobj=stream).getmembers()


def test_tar_keeps_owners_modes_and_kinds() -> None:
    """What an unprivileged build cannot set on disk travels in the stream."""
    found = members(
        Entry("d", "folder", 0o1777, "test"),
        file("d/f", b"data", uid=7, gid=274),
        Entry("l", "symlink", 0o777, "test", link="d/f"),
    )
    assert [(m.name, m.type, m.mode, m.uid, m.gid, m.size, m.linkname) for m in found] == [
        (".", tarfile.DIRTYPE, 0o755, 0, 0, 0, ""),
        ("d", tarfile.DIRTYPE, 0o1777, 0, 0, 0, ""),
        ("d/f", tarfile.REGTYPE, 0o640, 7, 274, 4, ""),
        ("l", tarfile.SYMTYPE, 0o777, 0, 0, 0, "d/f"),
    ]


def test_tar_has_one_moment_and_no_names() -> None:
    """Nothing of the machine that builds is in the stream."""
    for member in members(file("a"), Entry("d", "folder", 0o755, "test"), file("x" * 150)):
        assert (member.mtime, member.uname, member.gname) == (1_700_000_000, "", "")


def test_tar_keeps_labels() -> None:
    """As an attribute's bytes, with the zero that the kernel has at the end; else no record."""
    key = "SCHILY.xattr.security.selinux"
    found = members(file("a")._replace(label="u:r:t:s0"), file("b"), label="u:r:top:s0")
    records = [member.pax_headers.get(key) for member in found]
    assert records == ["u:r:top:s0\0", "u:r:t:s0\0", None]
