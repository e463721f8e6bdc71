"""Read Debian packages with nothing but the standard library, and unpack them into the cache.

`unpack` gives the files and, apart, what they should be (owner, mode, type): the tree in the
cache belongs to whoever runs the build. No maintainer script is read, let alone run.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import shutil
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

import msgspec

from skyrocket.build.lock.errors import LockError
from skyrocket.fetch import ar, places
from skyrocket.fetch.bundle import Slice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Kind = Literal["file", "folder", "symlink", "hardlink"]
WORKERS = 2


class Member(msgspec.Struct, frozen=True):
    """One path of a package, without a leading slash.

    LINK is a symlink's text, or the path of the file that a hard link is another name of.
    """

    path: str
    type: Kind
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    link: str = ""


class Unpacked(NamedTuple):
    tree: Path
    members: list[Member]


def unpack(file: Path) -> Unpacked:
    """Unpack FILE, a cache file named by its hash, unless that was done before."""
    _unpack_once(file)
    target = places.folder("unpacked") / file.name
    members = msgspec.json.decode((target / "members.json").read_bytes(), type=list[Member])
    return Unpacked(target / "tree", members)


def unpack_all(
    files: Sequence[Path], progress: Callable[[int, int], None] | None = None
) -> list[Unpacked]:
    """Unpack FILES in parallel; PROGRESS hears how many of how many are done.

    Threads, because the decompressor works without the interpreter's lock: as fast as processes.
    """
    done = places.folder("unpacked")
    todo = [file for file in files if not (done / file.name).is_dir()]
    todo.sort(key=lambda file: -file.stat().st_size)
    if len(todo) > 1:
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="unpack")
        try:
            for count, _ in enumerate(pool.map(_unpack_once, todo), start=1):
                if progress:
                    progress(count, len(todo))
        finally:
            pool.shutdown(cancel_futures=True)
    return [unpack(file) for file in files]


def _unpack_once(file: Path) -> None:
    target = places.folder("unpacked") / file.name
    if not target.is_dir():
        _unpack_into(file, target)


def _unpack_into(file: Path, target: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        members = extract(file, work / "tree")
        (work / "members.json").write_bytes(msgspec.json.encode(members))
        work.rename(target)
    except OSError as error:
        if target.is_dir():  # another process was faster; its work is as good as ours
            return
        raise LockError(
            f"cannot unpack {file.name}: {error.strerror or error}",
            "free some space, then run the same command again",
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def extract(file: Path, tree: Path) -> list[Member]:
    """Write the data of package FILE under the new folder TREE; gives its members in order."""
    places.make(tree)
    try:
        with open_data(file) as data, tarfile.open(fileobj=data, mode="r|") as tar:
            writer = _Writer(file.name, tree)
            return [writer.add(tar, entry) for entry in tar if entry.name not in {".", "./"}]
    except (tarfile.TarError, lzma.LZMAError, EOFError, gzip.BadGzipFile) as error:
        raise LockError(
            f"cannot read package {file.name}: {error}", f"rm {file} and run the command again"
        ) from error


def open_data(file: Path) -> IO[bytes] | gzip.GzipFile | lzma.LZMAFile:
    """The uncompressed data.tar of a package."""
    try:
        members = ar.members(file)
    except ar.NotAnArchiveError as error:
        raise LockError(f"cannot read package {file.name}: {error}") from error
    for name, span in members:
        if not name.startswith("data.tar"):
            continue
        raw = Slice(file, span)
        match name.removeprefix("data.tar"):
            case ".xz":
                return lzma.open(io.BufferedReader(raw), "rb")
            case ".gz":
                return gzip.open(io.BufferedReader(raw), "rb")
            case "":
                return io.BufferedReader(raw)
            case other:
                # Python 3.11 has no zstd. Debian's archive takes no such packages; Ubuntu's does.
                raise LockError(f"cannot read package {file.name}: compression {other} is unknown")
    raise LockError(f"cannot read package {file.name}: it has no data.tar")


class _Writer:
    """Puts tar entries under a folder, and nowhere else."""

    def __init__(self, package: str, tree: Path) -> None:
        self._package = package
        self._tree = tree
        self._symlinks: set[str] = set()

    def add(self, tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Member:
        path = self._inside(entry.name)
        target = self._tree / path
        places.make(target.parent)
        link = ""
        kind: Kind
        if entry.isdir():
            kind = "folder"
            places.make(target)
        elif entry.issym():
            kind, link = "symlink", entry.linkname
            self._symlinks.add(path)
            target.symlink_to(link)
        elif entry.islnk():
            kind, link = "hardlink", self._inside(entry.linkname)
            os.link(self._tree / link, target, follow_symlinks=False)
        elif entry.isreg():
            kind = "file"
            self._write(tar, entry, target)
        else:
            raise LockError(f"cannot unpack {self._package}: {path} is a device or a pipe")
        return Member(
            path,
            kind,
            entry.mode & 0o7777,
            entry.uid,
            entry.gid,
            entry.size if kind == "file" else 0,
            int(entry.mtime),
            link,
        )

    def _write(self, tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
        source = tar.extractfile(entry)
        assert source is not None  # noqa: S101 - tarfile gives None only for other types
        with target.open("xb") as writer:
            shutil.copyfileobj(source, writer, 1 << 20)
            # Set-user-id bits stay in `members`: a cache is no place for them.
            os.fchmod(writer.fileno(), entry.mode & 0o755 | 0o600)

    def _inside(self, name: str) -> str:
        """NAME as a clean relative path; refuses every way out of the tree."""
        parts = [part for part in name.split("/") if part not in {"", "."}]
        if ".." in parts or not parts or "\0" in name:
            raise LockError(f"cannot unpack {self._package}: the path {name!r} leads outside")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in self._symlinks:
                raise LockError(f"cannot unpack {self._package}: {name!r} goes through a link")
        return "/".join(parts)
