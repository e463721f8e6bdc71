"""Private keys stay in their folder: searched for in everything that a signed build has left.

The search is for numbers, not for file forms: both primes and the private exponent, raw, as
hexadecimal digits, and the lines of the PEM file. What is packed is searched unpacked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fakes import signing_keys

from skyrocket.build import lock as locks
from skyrocket.build import tools
from skyrocket.build.image import root
from skyrocket.build.image.entries import Entry, with_parents
from skyrocket.build.signing import files
from skyrocket.cli.checkout import LOCK, ROOT
from skyrocket.fetch import places
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.image

DOWNLOADED = {"files", "unpacked", "tools", "apt", "env"}
"""Parts of the cache whose content others made."""
PIECE, OVERLAP = 16 << 20, 4096


def numbers(folder: Path) -> dict[str, list[bytes]]:
    """Byte strings by key that nobody has who has not seen that key."""
    found = {}
    for name in files.NAMES:
        secret = files.private_key(folder, name).private_numbers()
        three = (secret.p, secret.q, secret.d)
        raw = [number.to_bytes(256, "big").lstrip(b"\0")[:32] for number in three]
        lines = (folder / f"{name}.key").read_bytes().splitlines()[8:-1]
        found[name] = [*raw, *(one.hex().lstrip("0").encode() for one in raw), *lines[::6]]
    return found


def search(folder: Path, wanted: dict[str, list[bytes]], since: float = 0.0) -> list[str]:
    """`FILE has KEY` for all files below FOLDER that changed after SINCE; each file once."""
    seen: set[tuple[int, int]] = set()
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        about = path.stat()
        if (about.st_dev, about.st_ino) in seen or about.st_ctime < since:
            continue
        seen.add((about.st_dev, about.st_ino))
        hits = {
            key
            for piece in pieces(path)
            for key, texts in wanted.items()
            if any(text in piece for text in texts)
        }
        found += [f"{path.relative_to(folder)} has {key}" for key in sorted(hits)]
    assert seen or since, f"nothing to search in {folder}"
    return found


def pieces(path: Path) -> Iterator[bytes]:
    """The data of a file without its holes, in overlapping pieces."""
    with path.open("rb") as file:
        at, end = 0, os.fstat(file.fileno()).st_size
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # a hole up to the end
                return
            stop = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            while at < stop:
                yield os.pread(file.fileno(), min(PIECE, stop - at) + OVERLAP, at)
                at += PIECE
            at = stop


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(tools.tree(locks.read(LOCK), Silent()))


@pytest.fixture(scope="module")
def keys() -> Path:
    return signing_keys.kept()


def build(keys: Path) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-I", "skyrocket", "build", "vm-dev", "--keys", str(keys)]
    return subprocess.run(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )


def unpack(sandbox: Sandbox, image: Path, to: Path) -> None:
    """The root's files and the initrd's archive, as they are before they are packed."""
    to.mkdir()
    mounts = [Mount(image, "/in"), Mount(to, "/out", writable=True)]
    extract = ["fsck.erofs", "--extract=/out/root", "--no-preserve", "/in/root.erofs"]
    sandbox.run(extract, mounts=mounts)
    if (image / "initrd").is_file():
        with (to / "initrd").open("wb") as file:
            # What follows the packed part is not packed: zstd stops there and complains.
            unzstd = ["zstd", "-d", "-c", "/in/initrd"]
            sandbox.run(unzstd, mounts=mounts, stdout=file, check=False)
        assert (to / "initrd").stat().st_size > 1 << 20


def test_a_signed_build_leaves_no_private_key_behind(
    keys: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Image, all steps of the cache, nodes, logs, and what the build says."""
    done = build(keys)
    assert done.returncode == 0, done.stdout.decode()
    (tmp_path / "said").mkdir()
    (tmp_path / "said/build").write_bytes(done.stdout)
    image = places.folder("images") / "vm-dev-x86_64+signed"
    unpack(sandbox, image, tmp_path / "unpacked")
    wanted = numbers(keys)
    made_at = (keys / "PK.key").stat().st_mtime
    found = search(tmp_path, wanted)
    searched = [one for one in places.cache().iterdir() if one.name not in DOWNLOADED]
    assert {"images", "steps"} <= {one.name for one in searched}
    for folder in searched:
        found += search(folder, wanted, made_at)
    assert found == []


def test_a_spoilt_key_is_not_quoted(keys: Path, tmp_path: Path) -> None:
    """The build names the file, and none of its lines."""
    for file in keys.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    lines = (keys / "image.key").read_bytes().splitlines(keepends=True)
    (tmp_path / "image.key").write_bytes(b"".join(lines[:5] + lines[6:]))
    (tmp_path / "image.key").chmod(0o600)
    done = build(tmp_path)
    assert done.returncode != 0
    assert b"image.key" in done.stdout
    assert not any(line.strip() in done.stdout for line in lines[1:-1])


@pytest.mark.parametrize("form", ["pem", "der", "hex"])
def test_the_search_finds_a_planted_key(keys: Path, tmp_path: Path, form: str) -> None:
    """In a log, in a disk image behind a hole, across the border of two pieces."""
    wanted = numbers(keys)
    secret = files.private_key(keys, "db")
    forms = {
        "pem": (keys / "db.key").read_bytes(),
        "der": secret.private_bytes(
            files.serialization.Encoding.DER,
            files.serialization.PrivateFormat.TraditionalOpenSSL,
            files.serialization.NoEncryption(),
        ),
        "hex": f"{secret.private_numbers().d:x}".encode(),
    }
    with (tmp_path / "disk.raw").open("wb") as file:
        file.seek(64 << 20)
        file.write(b"x" * (PIECE - 200) + forms[form])
    assert search(tmp_path, wanted) == ["disk.raw has db"]


def test_the_search_finds_a_key_planted_in_a_root(
    keys: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Packed, its bytes are not to be seen; unpacked, they are."""
    image = tmp_path / "image"
    image.mkdir()
    content = (keys / "image.key").read_bytes()
    entries = with_parents([Entry("usr/share/oops", "file", 0o644, "test", content=content)])
    root.make_base(sandbox, entries, image, 0)
    unpack(sandbox, image, tmp_path / "unpacked")
    assert search(tmp_path / "unpacked", numbers(keys)) == ["root/usr/share/oops has image"]
