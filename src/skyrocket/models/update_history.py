"""What was tried on a node, and how each try ended: the answer of `GET /updates/history`. Pure.

Both slots share it, so the version that came back shows what became of the other. Deliberately
unknown here: files, clocks, and how the reason of a return is found.
"""

from collections.abc import Container
from typing import Literal

from msgspec import Struct, structs

KEPT = 20
"""Tries that are remembered; the oldest goes."""

Kind = Literal["update", "rollback"]
Outcome = Literal["activated", "on trial", "running", "came back", "never started", "cancelled"]
OPEN: tuple[Outcome, ...] = ("activated", "on trial")
LEFT = "the node was restarted in order before the version had proved itself"


class Attempt(Struct, frozen=True, kw_only=True):
    """One try to go from a version to another, BEGAN in BOOT; ENDED is empty while it is open.

    BOOT_SHA256 are the kernel images' hashes, as far as known: a later way back checks them.
    """

    kind: Kind
    from_version: str
    to_version: str
    from_root: str
    to_root: str
    began: str
    boot: str
    outcome: Outcome = "activated"
    ended: str = ""
    reason: str = ""
    from_boot_sha256: str = ""
    to_boot_sha256: str = ""


History = tuple[Attempt, ...]


class Seen(Struct, frozen=True):
    """A BOOT: the root that RUNS, at which time (NOW), WHY the other was left, if that is known.

    STARTED: whether the loader ever took what was activated last.
    """

    boot: str
    runs: str
    now: str
    why: str = ""
    started: bool = True


def begun(history: History, attempt: Attempt) -> History:
    """HISTORY with ATTEMPT, which is the only one that is open."""
    return (*_closed(history, "cancelled", attempt.began), attempt)[-KEPT:]


def cancelled(history: History, now: str) -> History:
    """The open try, if there is one, was taken back before the node started in it."""
    return _closed(history, "cancelled", now)


def settled(history: History, seen: Seen, good: Container[str]) -> History:
    """HISTORY as the boot SEEN shows it, when the roots GOOD have proved themselves.

    Also a version that ran well and stood aside later came back.
    """
    if not history:
        return history
    *before, last = history
    return (*before, _judged(last, seen, good))


def sha256_of(history: History, root: str) -> str:
    """The hash of the kernel image of ROOT, if any try knew it."""
    for each in reversed(history):
        for its_root, sha256 in (
            (each.to_root, each.to_boot_sha256),
            (each.from_root, each.from_boot_sha256),
        ):
            if its_root == root and sha256:
                return sha256
    return ""


def _judged(last: Attempt, seen: Seen, good: Container[str]) -> Attempt:
    if last.boot == seen.boot:
        return last
    if last.outcome in OPEN and seen.runs == last.to_root:
        if last.to_root in good:
            return structs.replace(last, outcome="running", ended=seen.now)
        return structs.replace(last, outcome="on trial")
    if last.outcome == "activated" and not seen.started:
        return structs.replace(
            last, outcome="never started", ended=seen.now, reason="the power failed before it was"
        )
    fell = last.outcome == "running" and seen.runs == last.from_root
    if last.outcome in OPEN or fell:
        why = seen.why or LEFT
        return structs.replace(last, outcome="came back", ended=seen.now, reason=why)
    return last


def _closed(history: History, outcome: Outcome, now: str) -> History:
    return tuple(
        structs.replace(each, outcome=outcome, ended=now) if each.outcome in OPEN else each
        for each in history
    )
