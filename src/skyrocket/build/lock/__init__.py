"""The lock: what is pinned, getting it into the cache, unpacking it there.

Does not know what the packages are good for; sets are lists of names to this room.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.build.lock.deb import Member, Unpacked, unpack, unpack_all
from skyrocket.build.lock.errors import LockError
from skyrocket.fetch import download, places, sources
from skyrocket.fetch.wanted import Wanted
from skyrocket.models import lock as words
from skyrocket.models.lock import Lock, Package

if TYPE_CHECKING:
    from skyrocket.models.progress import Reporter

__all__ = [
    "FILE",
    "Lock",
    "LockError",
    "Member",
    "Package",
    "Unpacked",
    "fetch",
    "fetch_packages",
    "read",
    "unpack",
    "unpack_all",
    "wanted",
]

FILE = Path(__file__).parents[4] / "packages.lock"
RELOCK = "./skyrocket lock --update"


def read(path: Path = FILE) -> Lock:
    """Read the lock file; raises LockError with every mistake in it."""
    try:
        return words.decode(path.read_bytes())
    except OSError as error:
        raise LockError(f"cannot read {path}: {error.strerror}", RELOCK) from error
    except words.LockTextError as error:
        raise LockError(f"cannot read {path}:\n  " + "\n  ".join(error.mistakes), RELOCK) from error


def fetch(
    lock: Lock,
    set_name: str,
    arch: str,
    progress: Reporter | None = None,
    *,
    bundle: Path | None = None,
) -> list[Path]:
    """Get a whole set into the cache: one path a package, in order of name. Raises FetchError."""
    return fetch_packages(lock, lock.select(set_name, arch), progress, bundle=bundle)


def fetch_packages(
    lock: Lock,
    packages: tuple[Package, ...],
    progress: Reporter | None = None,
    *,
    bundle: Path | None = None,
) -> list[Path]:
    """Get these PACKAGES of LOCK into the cache; from the file BUNDLE alone if there is one."""
    order = sources.ordered(lock.snapshot, bundle)
    items = [wanted(package, order) for package in packages]
    return download.fetch(items, places.folder("files"), progress)


def wanted(package: Package, order: list[sources.Source]) -> Wanted:
    """PACKAGE as the download room wants it: with its places in order."""
    found = (one.place(package.archive, package.path, package.sha256) for one in order)
    return Wanted(
        name=f"{package.name} {package.version} ({package.architecture})",
        sha256=package.sha256,
        size=package.size,
        places=tuple(place for place in found if place is not None),
        mend=_mend(order),
    )


def _mend(order: list[sources.Source]) -> str:
    if all(source.bundle for source in order):
        return "the bundle was made from another lock: ./skyrocket bundle FILE writes a new one"
    return f"the archives have newer ones, take those: {RELOCK}"
