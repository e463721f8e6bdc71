"""The root file system (erofs) and its proof (the dm-verity tree)."""

from __future__ import annotations

import errno
import os
import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.image.entries import Entry, write_tar
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Fixed for ever: a new salt or identity per version would change blocks that did not change.
ROOT_UUID = "6f1a5e0d-3c0b-4c55-9d5b-6a5f1f0a0e01"
HASH_UUID = "6f1a5e0d-3c0b-4c55-9d5b-6a5f1f0a0e02"
SALT = "5c9f1e3b7a2d4860b1c3d5e7f9082a4c6e8f01234567890a1b2c3d4e5f607182"
BLOCK = 4096
CLUSTER = 65536
ALGORITHMS = "zstd,level=3:lz4hc,level=9"
"""zstd for all (level 6 takes three times as long and saves a twentieth: docs/bench.md), and lz4,
which unpacks several times faster, for what every boot reads before the API answers."""
HOT = (
    "usr/libexec/skyrocket/.*",
    "usr/lib/systemd/systemd[^/]*",
    "usr/lib/systemd/libsystemd[^/]*",
    "usr/lib/[^/]*-linux-gnu/.*\\.so.*",
    "usr/bin/(systemctl|kmod|udevadm)",
)
"""Extended regular expressions of the paths that take the second algorithm."""


class Verity(NamedTuple):
    root_hash: str
    root_bytes: int
    hash_bytes: int


def parts(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """What others built, and what is ours with the folders it lies in; both with every folder.

    Ours changes with every commit, theirs with the lock: the second is laid over the first, which
    saves packing it anew and leaves each of its blocks where it was.
    """
    found = list(entries)
    theirs = [e for e in found if e.kind == "folder" or e.origin.startswith("debian:")]
    ours = {e.path: e for e in found if not e.origin.startswith("debian:") and e.kind != "folder"}
    folders = {parent for path in ours for parent in parents(path)}
    return theirs, [e for e in found if e.path in ours or e.path in folders]


def parents(path: str) -> list[str]:
    """The folders that PATH lies in, outermost last: "a/b/c" has "a/b" and "a"."""
    return [path[:end] for end in range(len(path) - 1, 0, -1) if path[end] == "/"]


def make_base(
    tools: Sandbox, entries: Iterable[Entry], folder: Path, epoch: int, label: str = ""
) -> None:
    """Write FOLDER/root.erofs from the entries; the same entries give the same bytes.

    LABEL is the top folder's.
    """
    _mkfs(tools, entries, folder, epoch, label)


def make_erofs(
    tools: Sandbox,
    base: Path,
    entries: Iterable[Entry],
    folder: Path,
    epoch: int,
    label: str = "",
) -> None:
    """Write FOLDER/root.erofs: the image BASE with the entries laid over it.

    Each folder on the way to an entry must be among the entries, or it loses its mode and label.
    """
    shutil.copyfile(base, folder / "root.erofs")
    _mkfs(tools, entries, folder, epoch, label, "--incremental=data")
    tools.run(["fsck.erofs", "/out/root.erofs"], mounts=[Mount(folder, "/out")])


def _mkfs(
    tools: Sandbox,
    entries: Iterable[Entry],
    folder: Path,
    epoch: int,
    label: str,
    *how: str,
) -> None:
    tar = folder / "root.tar"
    with tar.open("wb") as file:
        write_tar(entries, file, epoch, label)
    room(folder, tar.stat().st_size)
    hints = folder / "hints"
    hints.write_text("".join(f"{CLUSTER} 1 ^/?{pattern}$\n" for pattern in HOT))
    tools.run(
        [
            "mkfs.erofs", f"-z{ALGORITHMS}", f"-C{CLUSTER}", f"-T{epoch}", f"-U{ROOT_UUID}",
            # The number of workers shows in the result: never the machine's number of cores.
            "--workers=2", "--compress-hints=/out/hints", *how,
            "--tar=f", "--quiet", "/out/root.erofs", "/out/root.tar",
        ],
        mounts=[Mount(folder, "/out", writable=True)],
    )  # fmt: skip
    tar.unlink()
    hints.unlink()


def room(folder: Path, size: int) -> None:
    """Raise OSError unless SIZE bytes are free: mkfs.erofs waits for ever on a full disk."""
    free = shutil.disk_usage(folder).free
    if free < size:
        reason = f"{os.strerror(errno.ENOSPC)} ({size} bytes needed, {free} free)"
        raise OSError(errno.ENOSPC, reason, str(folder))


def make_verity(tools: Sandbox, root: Path, folder: Path) -> Verity:
    """Write FOLDER/root.verity for the image ROOT."""
    image = folder / "root.verity"
    image.touch()
    said = tools.run(
        [
            "veritysetup", "format", "--hash=sha256", f"--data-block-size={BLOCK}",
            f"--hash-block-size={BLOCK}", f"--salt={SALT}", f"--uuid={HASH_UUID}",
            "/in/root.erofs", "/out/root.verity",
        ],
        mounts=[Mount(root.parent, "/in"), Mount(folder, "/out", writable=True)],
    ).stdout.decode()  # fmt: skip
    found = re.search(r"^Root hash:\s+([0-9a-f]{64})$", said, re.MULTILINE)
    if found is None:
        raise ValueError(f"veritysetup gave no root hash: {said!r}")
    return Verity(found[1], root.stat().st_size, image.stat().st_size)
