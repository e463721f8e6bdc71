"""The root file system: what is refused first, its two parts, and that nothing is lost in it."""

import errno
import stat
from pathlib import Path

import pytest

from skyrocket.build import definitions, tools
from skyrocket.build import lock as locks
from skyrocket.build.image import build, root
from skyrocket.build.image.entries import Entry
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Mount, Sandbox

CHECKOUT = Path(__file__).parents[3]
TOP = Entry("a", "folder", 0o750, "debian:x")
DEEP = Entry("a/b", "folder", 0o700, "frame")
THEIRS = Entry("a/b/theirs", "file", 0o640, "debian:x", content=b"theirs" * 5000)
OURS = Entry("a/b/ours", "file", 0o755, "skyrocket", content=b"ours" * 5000)
LINK = Entry("a/link", "symlink", 0o777, "variant", link="b/ours")
ALL = [TOP, DEEP, OURS, THEIRS, LINK]


def test_a_disk_without_room_is_said_before_the_root_is_made(tmp_path: Path) -> None:
    """The error has the number that the command line explains, and names the folder."""
    root.room(tmp_path, 1)
    with pytest.raises(OSError, match="bytes needed") as caught:
        root.room(tmp_path, 1 << 60)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path))


def test_ours_is_apart_with_the_folders_it_lies_in() -> None:
    """Each file is in one part; a folder is in the first, and in the second where it is needed."""
    empty = Entry("c", "folder", 0o755, "frame")
    assert root.parts([*ALL, empty]) == ([TOP, DEEP, THEIRS, empty], [TOP, DEEP, OURS, LINK])
    assert root.parents("a/b/ours") == ["a/b", "a"]


def extracted(sandbox: Sandbox, image: Path, target: Path) -> Path:
    """What the erofs image holds, as files below TARGET."""
    target.mkdir()
    sandbox.run(
        ["fsck.erofs", "--extract=/target/root", "--preserve-perms", f"/image/{image.name}"],
        mounts=[Mount(target, "/target", writable=True), Mount(image.parent, "/image")],
    )
    return target / "root"


def differences(entries: list[Entry], folder: Path) -> list[str]:
    """Paths that are missing, too many, or not what ENTRIES say: kind, mode, content."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    expected = {entry.path: entry for entry in entries}
    both = found.keys() & expected.keys()
    changed = {path for path in both if said(found[path]) != told(expected[path])}
    return sorted((found.keys() ^ expected.keys()) | changed)


def said(path: Path) -> tuple[str, int, bytes]:
    if path.is_symlink():
        return "symlink", 0, str(path.readlink()).encode()
    mode = stat.S_IMODE(path.stat().st_mode)
    return ("folder", mode, b"") if path.is_dir() else ("file", mode, path.read_bytes())


def told(entry: Entry) -> tuple[str, int, bytes]:
    if entry.kind == "symlink":
        return "symlink", 0, entry.link.encode()
    return entry.kind, entry.mode, entry.read() if entry.kind == "file" else b""


@pytest.mark.image
def test_a_part_without_its_folders_is_found(tmp_path: Path) -> None:
    """The control: laid over with its folders all is as told; without them the folders change."""
    sandbox = Sandbox(tools.tree(locks.read(CHECKOUT / "packages.lock"), Silent()))
    theirs, ours = root.parts(ALL)
    base = tmp_path / "base"
    base.mkdir()
    root.make_base(sandbox, theirs, base, 1_000_000)
    wrong = []
    for name, part in (("whole", ours), ("bare", [OURS, LINK])):
        made = tmp_path / name
        made.mkdir()
        root.make_erofs(sandbox, base / "root.erofs", part, made, 1_000_000)
        wrong.append(
            differences(ALL, extracted(sandbox, made / "root.erofs", tmp_path / f"x{name}"))
        )
    assert wrong[0] == []
    assert wrong[1] == ["a", "a/b"]


@pytest.mark.image
def test_the_real_root_holds_each_entry_as_it_was_given(tmp_path: Path) -> None:
    """Every path of a variant, read back by erofs' own tool."""
    definition = definitions.load(CHECKOUT, "vm-bare")
    lock = locks.read(CHECKOUT / "packages.lock")
    sandbox = Sandbox(tools.tree(lock, Silent()))
    pool = build.open_pool(lock, "x86_64", Silent())
    release = build.describe(CHECKOUT, definition, "x86_64", lock)
    version = build.make_version(CHECKOUT, definition, pool, release, sandbox, Silent())
    assert len(version.entries) > 500
    folder = extracted(sandbox, version.root / "root.erofs", tmp_path / "x")
    assert differences(version.entries, folder) == []
