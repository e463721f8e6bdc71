"""Run a program inside a root file system of ours, in a user namespace that maps a single id.

There is one way to build, so root takes it too. The program sees a fresh root (an in-memory
file system) on which each top-level entry of the tree is bound read-only, this machine's
`/proc`, `/dev` and `/sys`, an empty `/tmp`, and the folders it was given. It shares this
machine's network and process ids, and it knows nothing of what it is asked to run.

The file is a module and, started by path, the program that enters the namespace: it therefore
imports the standard library alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MS_NOATIME, MS_NODIRATIME, MS_RELATIME = 1024, 2048, 1 << 21

CANNOT_ENTER = 125
"""Exit status of the inner program when the namespace itself could not be made."""

_HOST_FOLDERS = ("proc", "dev", "sys")
_CLEAN_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin",
    "HOME": "/tmp",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


class SandboxError(Exception):
    """Base of this room's errors."""


class NamespaceError(SandboxError):
    """This machine does not let us make the namespace; the text says which step it refused."""


class ProgramError(SandboxError):
    """The program ran and failed: carries argv, status and what it wrote on standard error."""

    def __init__(self, argv: Sequence[str], status: int, stderr: str) -> None:
        self.argv, self.status, self.stderr = tuple(argv), status, stderr
        lines = [line for line in stderr.strip().splitlines() if line.strip()]
        reason = " / ".join(lines[-3:]) or "it said nothing"
        super().__init__(f"cannot run {argv[0]}: exit status {status}: {reason}")


class Mount(NamedTuple):
    """A folder or file of this machine, shown at `target` inside the sandbox."""

    source: Path
    target: str
    writable: bool = False


class Sandbox:
    """Programs of the tree at `root`, run with nothing else of this machine in sight."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def argv(
        self,
        argv: Sequence[str],
        *,
        mounts: Sequence[Mount] = (),
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The whole command line that enters the sandbox and runs ARGV, for a detached spawn."""
        order = {
            "root": str(self.root),
            "mounts": [[str(m.source), m.target, m.writable] for m in mounts],
            "cwd": cwd,
            "env": {**_CLEAN_ENVIRONMENT, **(env or {})},
            "argv": list(argv),
        }
        return [sys.executable, "-I", "-S", os.path.realpath(__file__), json.dumps(order)]

    def run(
        self,
        argv: Sequence[str],
        *,
        mounts: Sequence[Mount] = (),
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        stdin: bytes | IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ARGV to its end.

        Raises NamespaceError when the machine refuses the namespace and, unless CHECK is off,
        ProgramError when the program ends with a status other than 0.
        """
        whole = self.argv(argv, mounts=mounts, cwd=cwd, env=env)
        out = subprocess.PIPE if stdout is None else stdout
        if isinstance(stdin, bytes):
            done = subprocess.run(
                whole, input=stdin, stdout=out, stderr=subprocess.PIPE, check=False
            )
        else:
            source = subprocess.DEVNULL if stdin is None else stdin
            done = subprocess.run(
                whole, stdin=source, stdout=out, stderr=subprocess.PIPE, check=False
            )
        said = done.stderr.decode(errors="replace")
        if done.returncode == CANNOT_ENTER and said.startswith("cannot "):
            raise NamespaceError(said.strip())
        if check and done.returncode != 0:
            raise ProgramError(argv, done.returncode, said)
        return done


def _main(order: dict[str, object]) -> None:
    """Inside the new process: enter the namespace, build the root, become the program."""
    libc = ctypes.CDLL(None, use_errno=True)
    root = str(order["root"])
    wanted = [(str(s), str(t), bool(w)) for s, t, w in order["mounts"]]  # type: ignore[attr-defined]
    os.umask(0o022)
    _enter(libc)
    # Opened before anything is covered (a source may lie under /tmp), and after the namespace
    # is entered: a mount of the outer one cannot be bound.
    tree = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    sources = [(os.open(path, os.O_PATH), target, writable) for path, target, writable in wanted]
    hosts = [(os.open(f"/{name}", os.O_PATH), name) for name in _HOST_FOLDERS]
    base = "/tmp"
    _mount(libc, "tmpfs", base, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    _bind_tree(libc, tree, base)
    for descriptor, name in hosts:
        os.makedirs(f"{base}/{name}", exist_ok=True)
        _mount(libc, f"/proc/self/fd/{descriptor}", f"{base}/{name}", "", MS_BIND | MS_REC)
    os.mkdir(f"{base}/tmp")
    _mount(libc, "tmpfs", f"{base}/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for descriptor, target, writable in sources:
        _bind(libc, descriptor, base + target, writable=writable)
    os.chroot(base)
    os.chdir(str(order["cwd"]))
    argv = [str(word) for word in order["argv"]]  # type: ignore[attr-defined]
    env = {str(k): str(v) for k, v in order["env"].items()}  # type: ignore[attr-defined]
    os.execvpe(argv[0], argv, env)  # noqa: S606


def _enter(libc: ctypes.CDLL) -> None:
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a user namespace")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"0 {uid} 1"),
        ("gid_map", f"0 {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    _mount(libc, "none", "/", "", MS_REC | MS_PRIVATE)


def _bind_tree(libc: ctypes.CDLL, tree: int, base: str) -> None:
    for name in sorted(os.listdir(tree)):
        inside, target = f"/proc/self/fd/{tree}/{name}", f"{base}/{name}"
        if name in (*_HOST_FOLDERS, "tmp"):
            continue
        if os.path.islink(inside):
            os.symlink(os.readlink(inside), target)
        elif os.path.isdir(inside):
            os.mkdir(target)
            _mount(libc, inside, target, "", MS_BIND | MS_REC)
            _read_only(libc, target)


def _bind(libc: ctypes.CDLL, descriptor: int, target: str, *, writable: bool) -> None:
    source = f"/proc/self/fd/{descriptor}"
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "ab"):
            pass
    _mount(libc, source, target, "", MS_BIND | MS_REC)
    if not writable:
        _read_only(libc, target)


def _read_only(libc: ctypes.CDLL, target: str) -> None:
    """Flags that the outer mount has are locked in here: they must be said again."""
    have = os.statvfs(target).f_flag
    kept = sum(
        flag
        for bit, flag in (
            (2, MS_NOSUID), (4, MS_NODEV), (8, MS_NOEXEC),
            (1024, MS_NOATIME), (2048, MS_NODIRATIME), (4096, MS_RELATIME),
        )
        if have & bit
    )  # fmt: skip
    _mount(libc, "none", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def _mount(
    libc: ctypes.CDLL, source: str, target: str, kind: str, flags: int, data: str = ""
) -> None:
    status = libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode(),
        ctypes.c_ulong(flags),
        data.encode(),
    )
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot mount {target} in a user namespace: {os.strerror(number)}")


if __name__ == "__main__":
    try:
        _main(json.loads(sys.argv[1]))
    except FileNotFoundError as error:
        sys.stderr.write(f"{error.filename or 'program'}: {error.strerror}\n")
        sys.exit(127)
    except OSError as error:
        sys.stderr.write(f"cannot enter the sandbox: {error.strerror}\n")
        sys.exit(CANNOT_ENTER)
