"""Where files live on the build machine: one cache folder and its named parts.

Knows the rules of XDG_CACHE_HOME and of sudo; does not know what the folders are filled with.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.fetch.errors import ConfigError, DiskError

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIVATE = 0o700


def home(env: Mapping[str, str] = os.environ, uid: int | None = None) -> Path:
    """The home folder of the user who runs this, not of the one who called sudo.

    A root process with a user's HOME would leave files in that user's cache which the user can
    neither change nor delete, so root then gets its own home.
    """
    uid = os.geteuid() if uid is None else uid
    own = pwd.getpwuid(uid).pw_dir if _known(uid) else "/"
    named = env.get("HOME", "")
    if not named.startswith("/"):
        return Path(own)
    if uid == 0 and _owner(Path(named)) not in {0, None}:
        return Path(own)
    return Path(named)


def cache(env: Mapping[str, str] = os.environ) -> Path:
    """Our folder in the user's cache; named only, made by `folder`."""
    base = env.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is invalid and must be ignored.
    root = Path(base) if base.startswith("/") else home(env) / ".cache"
    return root / "skyrocket"


def folder(name: str, env: Mapping[str, str] = os.environ) -> Path:
    """Make sure that cache folder NAME (`files`, `unpacked`, …) is there, and give its path."""
    root = cache(env)
    make(root)
    path = root / name
    make(path)
    return path


def make(path: Path) -> None:
    """Make PATH and its parents so that we can enter it whatever the umask, and others cannot."""
    if path.is_dir():
        return
    try:
        if not path.parent.exists():
            make(path.parent)
        path.mkdir(mode=PRIVATE, exist_ok=True)
        path.chmod(PRIVATE)
    except FileExistsError as error:
        raise ConfigError(
            f"cannot make folder {path}: a file of that name is in the way", f"rm {path}"
        ) from error
    except OSError as error:
        raise DiskError(
            f"cannot make folder {path}: {error.strerror}",
            "set XDG_CACHE_HOME to a folder that you may write",
        ) from error


def _known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:  # a container may run with a number that has no entry
        return False
    return True


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def write(path: Path, data: bytes) -> None:
    """Replace the content of PATH whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
