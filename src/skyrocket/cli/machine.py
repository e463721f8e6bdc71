# ruff: noqa: UP006, UP014, UP031, UP035, UP045
"""Looks at this machine: the facts from which `blockers` decides.

Parses under Python 3.6, like `blockers`: an old Python is one of the things to report.
"""

import ctypes
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_REC_PRIVATE = 0x44000

MODULES = ("ctypes", "ssl", "zlib", "lzma", "hashlib")

Facts = NamedTuple(
    "Facts",
    [
        ("system", str),  # as uname says: 'Linux'
        ("machine", str),  # as uname says: 'x86_64'
        ("libc", str),  # 'glibc' or 'musl'
        ("python", Tuple[int, int]),
        ("missing_modules", List[str]),
        ("cache", str),
        ("cache_problem", str),  # the folder that we would have to write and may not, or ''
        ("free_bytes", int),
        ("needed_bytes", int),
        ("namespace_step", str),  # the step that the kernel refused, or ''
        ("namespace_switches", List[str]),  # kernel switches that are set against namespaces
        ("is_root", bool),
        ("network_problem", Optional[str]),  # None: not looked at
    ],
)

_SWITCHES = (
    ("user.max_user_namespaces", "0"),
    ("kernel.unprivileged_userns_clone", "0"),
    ("kernel.apparmor_restrict_unprivileged_userns", "1"),
)


def look(cache: str = "", needed_bytes: int = 0, network_problem: Optional[str] = None) -> Facts:
    """All facts, without network; takes some ten milliseconds."""
    cache = cache or _cache_folder()
    step = namespace_step() if sys.platform == "linux" else ""
    return Facts(
        system=platform.system(),
        machine=platform.machine(),
        libc=_libc(),
        python=sys.version_info[:2],
        missing_modules=[name for name in MODULES if not _has(name)],
        cache=cache,
        cache_problem=_cache_problem(cache),
        free_bytes=_free(cache),
        needed_bytes=needed_bytes,
        namespace_step=step,
        namespace_switches=_switches() if step else [],
        is_root=os.geteuid() == 0,
        network_problem=network_problem,
    )


def _cache_folder() -> str:
    """What to name under a Python too old for `fetch.places`, which knows better."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
    return str(root / "skyrocket")


def _has(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def _libc() -> str:
    # platform.libc_ver reads the interpreter's file and says '' for anything but glibc.
    if platform.libc_ver()[0] == "glibc":
        return "glibc"
    return "musl" if list(Path("/lib").glob("ld-musl-*")) else "glibc"


def _existing(folder: str) -> Path:
    path = Path(folder)
    while not _is_folder(path) and path != path.parent:
        path = path.parent
    return path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # below a folder of another user
        return False


def _cache_problem(cache: str) -> str:
    folder = _existing(cache)
    if os.access(str(folder), os.W_OK | os.X_OK):
        return ""
    return str(folder)


def _free(cache: str) -> int:
    return shutil.disk_usage(str(_existing(cache))).free


def _switches() -> List[str]:
    found = []
    for name, bad in _SWITCHES:
        try:
            text = Path("/proc/sys", *name.split(".")).read_text(encoding="ascii")
        except OSError:
            continue
        if text.strip() == bad:
            found.append(name)
    return found


def namespace_step() -> str:
    """Try what the sandbox will do, in a child of ours; the name of the step that failed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, _try_namespace().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(child, 0)
    return "" if answer == "ok" else (answer or "start a child process")


def _try_namespace() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        return "make a user namespace"
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", "0 %d 1" % uid),
            ("gid_map", "0 %d 1" % gid),
        ):
            Path("/proc/self", name).write_text(text, encoding="ascii")
    except OSError:
        return "map a user id in a namespace"
    if libc.mount(b"none", b"/", b"", ctypes.c_ulong(MS_REC_PRIVATE), None) != 0:
        return "mount in a user namespace"
    if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", ctypes.c_ulong(0), None) != 0:
        return "mount in a user namespace"
    return "ok"
