"""The initrd's archive, as the kernel reads it."""

from __future__ import annotations

from skyrocket.build.image import initrd
from skyrocket.build.image.entries import Entry

FIELDS = (
    *("ino", "mode", "uid", "gid", "nlink", "mtime", "filesize"),
    *("devmajor", "devminor", "rdevmajor", "rdevminor", "namesize", "check"),
)


def unpack(data: bytes) -> list[tuple[str, dict[str, int], bytes]]:
    """Read "newc" records until the trailer (kernel: driver-api/early-userspace/buffer-format)."""
    found, at = [], 0
    while True:
        assert data[at : at + 6] == b"070701"
        assert at % 4 == 0
        values = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        head = dict(zip(FIELDS, values, strict=True))
        name = data[at + 110 : at + 110 + head["namesize"]]
        assert name.endswith(b"\0")
        start = -(-(at + 110 + head["namesize"]) // 4) * 4
        body = data[start : start + head["filesize"]]
        at = -(-(start + head["filesize"]) // 4) * 4
        if name == b"TRAILER!!!\0":
            assert at == len(data)
            return found
        found.append((name[:-1].decode(), head, body))


ENTRIES = [
    Entry("dev", "folder", 0o755, "x"),
    Entry("init", "file", 0o755, "x", content=b"12345"),
    Entry("lib", "symlink", 0o777, "x", link="usr/lib"),
    Entry("odd-name-1", "file", 0o644, "x", content=b""),
]


def test_archive() -> None:
    """Each entry comes out with its kind, mode and bytes."""
    found = unpack(initrd.archive(ENTRIES))
    assert [(name, head["mode"], body) for name, head, body in found] == [
        ("dev", 0o040755, b""),
        ("init", 0o100755, b"12345"),
        ("lib", 0o120777, b"usr/lib"),
        ("odd-name-1", 0o100644, b""),
    ]


def test_nothing_of_the_machine() -> None:
    """Owners and times are zero, and inode numbers count from one."""
    heads = [head for _, head, _ in unpack(initrd.archive(ENTRIES))]
    assert [head["ino"] for head in heads] == [1, 2, 3, 4]
    assert {head[name] for head in heads for name in ("uid", "gid", "mtime")} == {0}


def test_contents(tmp_path) -> None:
    """Our program as /init, folders to mount on, modules with their parents."""
    module = Entry("usr/lib/modules/6/a.ko", "file", 0o644, "x", content=b"")
    found = {entry.path: entry for entry in initrd.contents(tmp_path / "init", [module])}
    assert found["init"].mode == 0o755
    assert {"dev", "proc", "sys", "run", "usr/lib/modules/6"} <= found.keys()
    assert [entry.path for entry in found.values() if entry.kind == "file"] == [
        "init", module.path
    ]  # fmt: skip


def test_our_program_is_packed_apart() -> None:
    """What changes with every line of ours moves nothing of what comes with the kernel."""
    kernel, ours = initrd.parts(ENTRIES)
    assert [entry.path for entry in kernel] == ["dev", "lib", "odd-name-1"]
    assert [entry.path for entry in ours] == ["init"]


def test_archives_begin_at_blocks() -> None:
    first, second = initrd.archive(ENTRIES), b"second"
    whole = initrd.joined(first, second)
    assert whole.index(second) == initrd.BLOCK
    assert unpack(whole[: len(first)]) == unpack(first)
    assert whole[len(first) : initrd.BLOCK].strip(b"\0") == b""
    assert len(whole) == 2 * initrd.BLOCK
