"""Device-mapper through its ioctls: create one mapped device with one target.

Source: <linux/dm-ioctl.h>, interface version 4. Deliberately unknown here: what verity means.
"""

from __future__ import annotations

import fcntl
import os
import struct

from skyrocket.host.system.faults import refused

CONTROL = "/dev/mapper/control"

_HEADER = struct.Struct("=3I I I I i I I I Q 128s 129s 7x".replace(" ", ""))
_TARGET = struct.Struct("=QQiI16s")
_SIZE = 16384
_READONLY = 1

# _IOWR(0xfd, nr, struct dm_ioctl of 312 bytes)
_CREATE, _SUSPEND, _LOAD = ((3 << 30) | (312 << 16) | (0xFD << 8) | nr for nr in (3, 6, 9))


def create(name: str, uuid: str, target: str, sectors: int, parameters: str) -> str:
    """A read-only mapped device NAME over SECTORS x 512 bytes -> its device file /dev/dm-N."""
    try:
        fd = os.open(CONTROL, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise refused(f"open {CONTROL}", error) from error
    try:
        number = _call(fd, _CREATE, name, uuid)
        _call(fd, _LOAD, name, table=_table(target, sectors, parameters))
        # "Suspend" without the suspend flag means resume: the table becomes live.
        _call(fd, _SUSPEND, name)
    except OSError as error:
        raise refused(f"map {name} ({target})", error) from error
    finally:
        os.close(fd)
    return f"/dev/dm-{os.minor(number)}"


def request(name: str, uuid: str = "", table: bytes = b"") -> bytearray:
    """The bytes of one ioctl: header, then TABLE when there is one."""
    flags = _READONLY if table else 0
    header = _HEADER.pack(
        4, 0, 0, _SIZE, _HEADER.size, 1 if table else 0, 0, flags, 0, 0, 0,
        name.encode(), uuid.encode(),
    )  # fmt: skip
    return bytearray((header + table).ljust(_SIZE, b"\0"))


def _call(fd: int, number: int, name: str, uuid: str = "", table: bytes = b"") -> int:
    buffer = request(name, uuid, table)
    fcntl.ioctl(fd, number, buffer)
    device: int = _HEADER.unpack_from(buffer)[10]
    return device


def _table(target: str, sectors: int, parameters: str) -> bytes:
    text = parameters.encode() + b"\0"
    size = -(-(_TARGET.size + len(text)) // 8) * 8
    return (_TARGET.pack(0, sectors, 0, size, target.encode()) + text).ljust(size, b"\0")
