"""Run one program inside another root and wait for it: for the initrd, which has no other.

This is the initrd's counterpart of `command.py`, without `subprocess` (33 modules, and a start-up
that every boot would pay). The program comes from the verified root, never from the initrd.
"""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TICK = 5.0


def run_in_root(
    root: str, argv: tuple[str, ...], while_waiting: Callable[[], None]
) -> tuple[int, str]:
    """Run ARGV chrooted into ROOT -> (exit status, the end of what it printed).

    WHILE_WAITING is called every few seconds: a repair may outlast a watchdog.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        _become(root, argv, writer)
    os.close(writer)
    said = b""
    while True:
        if not select.select([reader], [], [], _TICK)[0]:
            while_waiting()
        elif part := os.read(reader, 65536):
            said = (said + part)[-4096:]
        else:
            break
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.decode("utf-8", "replace").strip()


def _become(root: str, argv: tuple[str, ...], output: int) -> None:
    try:
        os.chroot(root)
        os.chdir("/")
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execve(argv[0], argv, {"PATH": "/usr/sbin:/usr/bin"})  # noqa: S606  # no shell
    except OSError as error:
        os.write(output, f"cannot run {argv[0]}: {os.strerror(error.errno or 0)}".encode())
    finally:
        os._exit(127)
