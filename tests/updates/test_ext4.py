"""The reader of ext4 against the real tools: files, folders, and a journal that is not replayed."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest
from updates.ext4 import Ext4, Ext4Error, crc32c

from skyrocket.build import lock as locks
from skyrocket.build import tools
from skyrocket.cli.checkout import LOCK
from skyrocket.models.progress import Silent
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MADE = (
    "mke2fs", "-q", "-t", "ext4", "-b", "4096", "-i", "8192", "-I", "256", "-m", "0",
    "-E", "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
    "-O", "^metadata_csum_seed,^orphan_file",
)  # fmt: skip
LARGE = random.Random(1).randbytes(300_000)


def test_the_checksum_is_the_one_of_the_kernel() -> None:
    """CRC-32C without its final complement."""
    assert crc32c(0xFFFFFFFF, b"123456789") ^ 0xFFFFFFFF == 0xE3069283


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    sandbox = Sandbox(tools.tree(locks.read(LOCK), Silent()))

    def program(*argv: str, stdin: str = "", check: bool = True) -> str:
        mounts = [Mount(tmp_path, "/out", writable=True)]
        done = sandbox.run(argv, mounts=mounts, stdin=stdin.encode(), check=check)
        return done.stdout.decode()

    return program


@pytest.fixture
def image(tmp_path: Path, run: Callable[..., str]) -> Path:
    """A file system as the image's private partition is made, with a few files."""
    path = tmp_path / "image"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    (tmp_path / "small").write_bytes(b"generation 1\n")
    (tmp_path / "large").write_bytes(LARGE)
    run(*MADE, "/out/image")
    orders = ["mkdir store", "cd store", "write /out/small settings-1.json", "write /out/large big"]
    run("debugfs", "-w", "-f", "-", "/out/image", stdin="\n".join(orders))
    return path


def opened(path: Path) -> Ext4:
    raw = path.read_bytes()
    return Ext4(lambda at, length: raw[at : at + length])


@pytest.mark.image
def test_files_are_read_by_path(image: Path) -> None:
    """Small, large, missing, and folders."""
    system = opened(image)
    assert system.names("/") == ["lost+found", "store"]
    assert system.names("/store") == ["big", "settings-1.json"]
    assert system.read("/store/settings-1.json") == b"generation 1\n"
    assert system.read("/store/big") == LARGE
    assert system.read("/store/none") is None
    assert system.names("/none") == []


def block_of(run: Callable[..., str], path: str) -> int:
    return int(run("debugfs", "-R", f"bmap {path} 0", "/out/image").split()[-1])


@pytest.mark.image
def test_a_journal_is_replayed_as_the_real_tool_does(
    image: Path, tmp_path: Path, run: Callable[..., str]
) -> None:
    """A block written twice, and one that begins like a block of the journal itself."""
    file, other = (block_of(run, f"/store/{name}") for name in ("settings-1.json", "big"))
    for name, text in (("one", b"generation 2\n"), ("two", b"generation 3\n")):
        (tmp_path / name).write_bytes(text.ljust(4096, b"\0"))
    (tmp_path / "marked").write_bytes(struct.pack(">I", 0xC03B3998).ljust(4096, b"m"))
    orders = [
        "jo -c -v 3", f"jw -b {file} /out/one", f"jw -b {other} /out/marked",
        f"jw -b {file} /out/two", "jc",
    ]  # fmt: skip
    run("debugfs", "-w", "-f", "-", "/out/image", stdin="\n".join(orders))
    ours = opened(image)
    assert ours.replayed == 3
    run("e2fsck", "-fy", "/out/image", check=False)
    theirs = opened(image)
    assert theirs.replayed == 0
    for name in ("settings-1.json", "big"):
        assert ours.read(f"/store/{name}") == theirs.read(f"/store/{name}")
    assert (ours.read("/store/settings-1.json") or b"").startswith(b"generation 3")
    assert (ours.read("/store/big") or b"").startswith(struct.pack(">I", 0xC03B3998))


@pytest.mark.image
def test_a_block_that_the_journal_lost_is_found(
    image: Path, tmp_path: Path, run: Callable[..., str]
) -> None:
    """A commit whose data did not arrive is no mount."""
    (tmp_path / "one").write_bytes(b"generation 2\n".ljust(4096, b"\xee"))
    block = block_of(run, "/store/settings-1.json")
    run("debugfs", "-w", "-f", "-", "/out/image", stdin=f"jo -c -v 3\njw -b {block} /out/one\njc")
    raw = image.read_bytes()
    lost = raw.replace((tmp_path / "one").read_bytes(), bytes(4096))
    assert lost != raw
    image.write_bytes(lost)
    with pytest.raises(Ext4Error, match=f"block {block} in the journal is broken"):
        opened(image)
