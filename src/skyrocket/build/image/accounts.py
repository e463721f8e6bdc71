"""The user and group files, made from the packages' tables instead of by programs on the node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.models.definition import Package, User

NO_LOGIN = "/nonexistent"
"""There is no shell on the node, so nobody's login shell exists."""


def files(packages: Iterable[Package]) -> dict[str, bytes]:
    """`passwd`, `group` and `shadow`: a group per user, and all passwords locked."""
    listed = list(packages)
    users = sorted((u for p in listed for u in p.users), key=_number)
    groups = sorted([*users, *(g for p in listed for g in p.groups)], key=_number)
    passwd = [f"{u.name}:x:{u.id}:{u.id}::{u.home}:{NO_LOGIN}" for u in users]
    group = [f"{g.name}:x:{g.id}:" for g in groups]
    shadow = [f"{u.name}:!*:::::::" for u in users]
    return {
        name: "".join(f"{line}\n" for line in lines).encode()
        for name, lines in (("passwd", passwd), ("group", group), ("shadow", shadow))
    }


def _number(user: User) -> int:
    return user.id
