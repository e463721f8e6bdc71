"""One tar file with everything locked in it: `lock` first, then `files/<sha256>` for each file.

Plain uncompressed tar, because its members are compressed already and can then be read at an
offset. Times, owners and order are fixed: the same files give the same bundle.
"""

from __future__ import annotations

import functools
import io
import os
import tarfile
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.fetch.errors import ConfigError, DiskError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOCK = "packages.lock"


class Span(NamedTuple):
    offset: int
    size: int


class Slice(io.RawIOBase):
    """A readable, seekable window onto SPAN of a file."""

    def __init__(self, path: Path, span: Span) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._span = span
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._span.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._span.offset + self._at)
        data = self._file.read(max(0, min(len(buffer), self._span.size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def open_member(bundle: Path, sha256: str) -> io.BufferedIOBase:
    """Bytes of the file with that hash; KeyError when the bundle does not have it."""
    span = _index(bundle, bundle.stat().st_mtime_ns)[f"files/{sha256}"]
    return io.BufferedReader(Slice(bundle, span))


def holds(bundle: Path, sha256: str) -> bool:
    """Is the file with that hash in the bundle; False for one that cannot be read."""
    try:
        return f"files/{sha256}" in _index(bundle, bundle.stat().st_mtime_ns)
    except (OSError, ConfigError):
        return False


def read_lock(bundle: Path) -> bytes:
    """The packages.lock that the bundle was made from."""
    try:
        span = _index(bundle, bundle.stat().st_mtime_ns)[LOCK]
        with Slice(bundle, span) as reader:
            return reader.read(span.size) or b""
    except KeyError as error:
        raise ConfigError(f"cannot read bundle {bundle}: no {LOCK} in it") from error
    except OSError as error:
        raise ConfigError(f"cannot read bundle {bundle}: {error.strerror or error}") from error


@functools.lru_cache(maxsize=4)
def _index(bundle: Path, _changed: int) -> dict[str, Span]:
    try:
        with tarfile.open(bundle, "r:") as tar:
            return {m.name: Span(m.offset_data, m.size) for m in tar if m.isreg()}
    except tarfile.TarError as error:
        raise ConfigError(
            f"cannot read bundle {bundle}: {error}", "./skyrocket bundle writes a new one"
        ) from error


def write(target: Path, lock: bytes, files: Iterable[Path]) -> None:
    """Write TARGET whole or not at all; FILES are named by their hash."""
    part = target.with_name(target.name + ".part")
    try:
        with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
            tar.addfile(_entry(LOCK, len(lock)), io.BytesIO(lock))
            for path in sorted(files, key=lambda path: path.name):
                with path.open("rb") as reader:
                    tar.addfile(_entry(f"files/{path.name}", path.stat().st_size), reader)
        part.replace(target)
    except OSError as error:
        raise DiskError(f"cannot write bundle {target}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o644, 0
    return entry
