"""Who an image's USER is, by the image's own files.

The root file system of an image is foreign: a link in it may point anywhere on the node. So its
files are opened step by step, and a link on the way is refused.
"""

from __future__ import annotations

import os

from skyrocket.host.containers.errors import SpecificationError
from skyrocket.host.containers.model import User

LARGEST = 1 << 20


def find(wanted: str, rootfs: str) -> User:
    """WANTED is `user`, `uid`, `user:group` or `uid:gid`; raises SpecificationError."""
    if not wanted or wanted in ("0", "root", "0:0"):
        return User()
    return resolve(wanted, _read(rootfs, "passwd"), _read(rootfs, "group"))


def resolve(wanted: str, passwd: str, group: str) -> User:
    """Find WANTED in the texts of the two files.

    >>> resolve("web", "web:x:7:8::/:/bin/sh", "logs:x:9:web")
    User(uid=7, gid=8, groups=(9,))
    """
    name, _, group_name = wanted.partition(":")
    users = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 3]
    groups = [line.split(":") for line in group.splitlines() if line.count(":") >= 2]
    uid, gid, login = -1, 0, ""
    for fields in users:
        if fields[0] == name or fields[2] == name:
            login, uid, gid = fields[0], _number(fields[2]), _number(fields[3])
            break
    else:
        uid = _number(name)
    if group_name:
        gid = next((_number(one[2]) for one in groups if one[0] == group_name), _number(group_name))
    if uid < 0 or gid < 0:
        raise SpecificationError(f"cannot run as user {wanted!r}: the image does not know it")
    extra = [_number(one[2]) for one in groups if login and login in _members(one)]
    return User(uid, gid, tuple(sorted({one for one in extra if one >= 0} - {gid})))


def _members(fields: list[str]) -> list[str]:
    return fields[3].split(",") if len(fields) > 3 else []


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _read(rootfs: str, name: str) -> str:
    try:
        folder = os.open(f"{rootfs}/etc", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return ""
    finally:
        os.close(folder)
    try:
        return os.read(file, LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(file)
