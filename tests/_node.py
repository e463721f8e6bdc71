"""The C module `_node` of the sealed programs, in ctypes: for tests on an ordinary Python."""

from __future__ import annotations

import ctypes
import os
import platform

_libc = ctypes.CDLL(None, use_errno=True)
_FINIT_MODULE = {"x86_64": 313, "aarch64": 273}[platform.machine()]


def mount(source: str, target: str, kind: str, flags: int, data: str) -> None:
    words = [os.fsencode(word) for word in (source, target, kind, data)]
    _check(_libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]))


def umount(target: str, flags: int) -> None:
    _check(_libc.umount2(os.fsencode(target), flags))


def finit_module(fd: int, params: str, flags: int) -> None:
    _check(_libc.syscall(_FINIT_MODULE, fd, os.fsencode(params), flags))


def reboot(cmd: int) -> None:
    _check(_libc.reboot(ctypes.c_int(cmd)))


def pivot_root(new: str, old: str) -> None:
    _check(_libc.pivot_root(os.fsencode(new), os.fsencode(old)))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
