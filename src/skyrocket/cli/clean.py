"""`clean`: remove what was made; with `--all` the downloads too. Nodes are stopped first."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.cli.terminal import amount, shown
from skyrocket.fetch import places

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = ("files", "env")  # downloads, and our own dependencies unzipped from them


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("skyrocket clean", description=__doc__)
    parser.add_argument("--all", action="store_true", help="downloads too: nothing stays")
    everything = parser.parse_args(argv).all
    cache = places.cache()
    if not cache.is_dir():
        print(f"nothing to remove: {cache} is not there")
        return 0
    _stop_nodes(cache)
    gone = [cache] if everything else [p for p in cache.iterdir() if p.name not in KEPT]
    with shown() as terminal:
        terminal.step(f"remove from {cache}")
        freed = sum(_remove(path) for path in sorted(gone))
    print(f"removed {amount(freed)}; {'nothing' if everything else 'downloads'} left in {cache}")
    return 0


def _stop_nodes(cache: Path) -> None:
    """Processes whose command line names our nodes' folder; without the lab's dependencies."""
    nodes = cache / "nodes"
    for record in nodes.glob("*/node.json") if nodes.is_dir() else ():
        for pid in processes_of(record.parent):
            os.kill(pid, signal.SIGKILL)
            print(f"stopped node {record.parent.name} (process {pid})")


def processes_of(folder: Path) -> list[int]:
    """Processes that have a file of FOLDER open, as QEMU and the registry have their logs."""
    return sorted(
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and any(t.startswith(f"{folder}/") for t in _open_files(entry))
    )


def _open_files(process: Path) -> Iterator[str]:
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return  # gone meanwhile, or another user's
    for link in links:
        with contextlib.suppress(OSError):  # closed meanwhile
            yield str(link.readlink())


def _remove(path: Path) -> int:
    """Remove a file or a tree, also one with folders that may not be written; bytes freed."""
    freed = 0
    for folder, names, files in os.walk(path):
        for name in names:
            child = Path(folder, name)
            if not child.is_symlink():
                child.chmod(0o700)
        for name in files:
            info = Path(folder, name).lstat()
            # A file with several names is freed with the last of them: count a share each.
            freed += info.st_blocks * 512 // info.st_nlink
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        freed = path.lstat().st_blocks * 512
        path.unlink()
    return freed
