"""Our own Python dependencies, without pip: locked wheels found, verified, unzipped.

A wheel is a zip file that is right as soon as it lies in a folder on the path; no code of it runs
on the way. Which wheels: `requirements`. Whether they fit: `tags`. From where: `pip_config`.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from skyrocket.fetch import (
    authorities,
    doors,
    download,
    index,
    pip_config,
    places,
    requirements,
    sources,
    tags,
)
from skyrocket.fetch import bundle as bundled
from skyrocket.fetch.errors import ConfigError, DiskError, FetchError
from skyrocket.fetch.wanted import Place, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from skyrocket.models.progress import Reporter


class Order(NamedTuple):
    """Where to look for wheels: BUNDLES first, then (unless ALONE) what pip is configured for."""

    config: pip_config.PipConfig
    bundles: tuple[str, ...] = ()
    alone: bool = False


def order(only: Path | None = None) -> Order:
    """From bundle ONLY, or with the bundles of SKYROCKET_SOURCES before what pip would ask."""
    bundles = tuple(one.bundle for one in sources.ordered("", only) if one.bundle)
    config = pip_config.read(sources.defaults().wheel_index)
    return Order(config, bundles, alone=only is not None)


def environment(
    files: Sequence[Path],
    progress: Reporter | None = None,
    *,
    target: tags.Target | None = None,
    bundle: Path | None = None,
) -> Path:
    """A folder for PYTHONPATH with all pins of requirement FILES for TARGET (default: here).

    The folder is named by what it holds and made whole or not at all. Raises FetchError.
    """
    target = target or tags.here()
    folder = places.folder("env") / identity(files, target)
    if folder.is_dir():
        return folder
    pins = {pin.name: pin for file in files for pin in requirements.read(file)}
    wheels = fetch([pins[name] for name in sorted(pins)], target, progress, order(bundle))
    install(wheels, folder)
    return folder


def identity(files: Iterable[Path], target: tags.Target) -> str:
    digest = hashlib.sha256(repr(target).encode())
    try:
        for text in sorted(file.read_bytes() for file in files):
            digest.update(hashlib.sha256(text).digest())
    except OSError as error:
        raise ConfigError(f"cannot read {error.filename}: {error.strerror}") from error
    return digest.hexdigest()[:24]


def fetch(
    pins: Sequence[requirements.Pin],
    target: tags.Target,
    progress: Reporter | None = None,
    where: Order | None = None,
) -> list[Path]:
    """Get the wheels of PINS that fit TARGET into the cache."""
    cache = places.folder("files")
    where = where or order()
    chosen = [(pin, requirements.choose(pin, target)) for pin in pins]
    if not where.alone and any(not (cache / wheel.sha256).exists() for _, wheel in chosen):
        where = where._replace(config=authorities.trusted(where.config, progress))
    items = [wanted(pin.name, wheel, where, cache) for pin, wheel in chosen]
    return download.fetch(items, cache, progress)


def wanted(name: str, wheel: requirements.Wheel, where: Order, cache: Path) -> Wanted:
    """WHEEL with its places. No index is asked for a file that is in the cache already."""
    if (cache / wheel.sha256).exists():
        return Wanted(wheel.filename, wheel.sha256, wheel.size, ())
    found = [
        Place(f"bundle://{quote(one)}#{wheel.sha256}", f"bundle {one}") for one in where.bundles
    ]
    held = any(bundled.holds(Path(one), wheel.sha256) for one in where.bundles)
    if not where.alone and not held:
        found += _places(name, wheel, where.config)
    mend = "name an index that has it with PIP_INDEX_URL, or lock anew: " + requirements.RELOCK
    if where.alone:
        mend = "./skyrocket bundle FILE writes a new bundle"
    return Wanted(wheel.filename, wheel.sha256, wheel.size, tuple(found), mend)


def _places(name: str, wheel: requirements.Wheel, config: pip_config.PipConfig) -> list[Place]:
    found: list[Place] = []
    misses: list[str] = []
    for where, ask in _askers(name, config):
        try:
            links = ask()
        except doors.AbsentError:
            continue  # an index of one's own often has one's own projects only
        except doors.UnreadyError as error:
            misses.append(f"{where}: {error}")
            continue
        found += [
            Place(link.url, where, config.proxy, config.cert)
            for link in links
            if link.filename == wheel.filename and link.sha256 in {"", wheel.sha256}
        ]
    if not found and misses:
        raise FetchError(
            f"cannot fetch {wheel.filename}: {'; '.join(misses)}",
            "check network, proxy and pip.conf, then run the same command again",
        )
    return found


def _askers(
    name: str, config: pip_config.PipConfig
) -> list[tuple[str, Callable[[], list[index.Link]]]]:
    """Everywhere pip would look, as (name for messages, how to look), nearest first."""
    found: list[tuple[str, Callable[[], list[index.Link]]]] = []
    for link in config.find_links:
        remote = urlsplit(link).scheme in {"http", "https"}
        ask = partial(index.page, link, config) if remote else partial(index.local, link)
        found.append((shown(link), ask))
    found += [(shown(base), partial(index.project, base, name, config)) for base in config.indexes]
    return found


def shown(url: str) -> str:
    """URL without a password, fit for messages and logs."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def install(wheels: Iterable[Path], folder: Path) -> None:
    """Unzip WHEELS into the new FOLDER, whole or not at all."""
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for wheel in wheels:
            unzip(wheel, work)
        work.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # else another process made the same one
            raise DiskError(
                f"cannot install into {folder}: {error.strerror or error}",
                "free some space, or set XDG_CACHE_HOME to a folder on a larger disk",
            ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def unzip(wheel: Path, folder: Path) -> None:
    """Put the files of WHEEL where a path entry needs them; programs go into `bin`."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                target = destination(info.filename)
                if info.is_dir() or target is None:
                    continue
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as reader, path.open("wb") as writer:
                    shutil.copyfileobj(reader, writer, 1 << 20)
                path.chmod(0o755 if info.external_attr >> 16 & 0o111 else 0o644)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError) as error:
        raise FetchError(
            f"cannot unzip {wheel.name}: {error}", f"rm {wheel} and run the command again"
        ) from error


def destination(name: str) -> PurePosixPath | None:
    """Where a member of a wheel goes; None for what a path entry has no use for."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise ValueError(f"the path {name!r} leads outside")
    if not path.parts[0].endswith(".data"):
        return path
    match path.parts[1:]:
        case ("purelib" | "platlib", *rest) if rest:
            return PurePosixPath(*rest)
        case ("scripts", *rest) if rest:
            return PurePosixPath("bin", *rest)
        case _:
            return None
