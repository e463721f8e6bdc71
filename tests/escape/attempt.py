"""The words of the escape suite: what an attempt is, who makes it, and how its success is seen.

Standard library alone: this folder also runs inside the attacked containers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["workload", "control", "privileged", "admin", "ordered"]
"""A workload of the settings group `containers`; a host container; a container started by hand
with every privilege, the node's network and processes; a superpowered host container. `ordered` is
nobody inside: who orders containers from an orchestrator, with mounts and words of their own."""
INSIDE: tuple[Kind, ...] = ("workload", "control", "privileged", "admin")
KINDS: tuple[Kind, ...] = (*INSIDE, "ordered")

CDK = "CDK"
DEEPCE = "deepce"

SECRET = "secret:"
"""An attempt that is seen by this and a name succeeded when its answer holds the secret that was
planted under that name; the attempts know none of them."""
SERIAL = "serial"
"""Seen when the token stands on the node's serial console."""
HOLE = "hole: "
"""A reason of `allowed` that begins so excuses nothing: it is known, open, and not promised."""
SAID = ""
"""Seen by the attempt itself, which reads its effect back: any answer counts."""


class Refused(Exception):
    """The attempt came to nothing; the text says where."""


class Case(NamedTuple):
    """What an attempt is told: TOKEN and NUMBER are its alone, and tell effects apart."""

    kind: Kind
    token: str
    number: int
    module: bytes = b""
    """A kernel module that is signed, for those who try to load one."""
    labelled: bool = False
    """Whether the node's runtime gives labels, so that what is ordered gets one."""


class Attempt(NamedTuple):
    """One way out, as data, with the function that goes it inside a container."""

    id: str
    provenance: str
    tries: str
    effect: str
    go: Callable[[Case], str]
    seen: str = SAID
    """SECRET and a name, SERIAL, or a script for the node's root that prints the token or the
    number ({token}, {number} stand for them)."""
    undo: str = ""
    """A script for the node's root that takes the effect back."""
    allowed: dict[str, str] = {}  # noqa: RUF012  never changed
    """Kind -> why it may succeed on the locked node, or that it is a HOLE."""
    control: str = ""
    """Why it is refused even on the control; empty: there it succeeds."""
    short: bool = False
    """Whether it is in the selection of the boot lane."""


def attempt(
    id: str,  # noqa: A002
    provenance: str,
    tries: str,
    effect: str,
    **rest: object,
) -> Callable[[Callable[[Case], str]], Attempt]:
    """Make the decorated function an Attempt."""

    def made(go: Callable[[Case], str]) -> Attempt:
        return Attempt(id, provenance, tries, effect, go, **rest)  # type: ignore[arg-type]

    return made
