"""The verb `update`: carry out one command at a time, asked for over its socket.

A request is answered when it is decided whether its command may run; what came of the command is in
the status document. While one runs, others are told that the lock is held.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.system import journal, requests, systemd
from skyrocket.host.update import commands, facts, memory
from skyrocket.host.update.errors import UpdateError
from skyrocket.models.api import UpdateAnswer, UpdateRequest

if TYPE_CHECKING:
    from skyrocket.host.update.facts import Facts
    from skyrocket.models.update_status import Order

LOCK_HELD = "Update lock held"


class Desk:
    """Takes requests; at most one command is under way."""

    def __init__(self) -> None:
        self.job: threading.Thread | None = None

    def answer(self, line: bytes) -> bytes:
        try:
            wanted = msgspec.json.decode(line, type=UpdateRequest)
            said = self._begin(wanted.command)
        except (msgspec.MsgspecError, UpdateError, OSError) as error:
            journal.error(f"cannot start an update command: {error}")
            said = UpdateAnswer(ok=False, status=500, error=str(error))
        return msgspec.json.encode(said)

    def busy(self) -> bool:
        return self.job is not None and self.job.is_alive()

    def _begin(self, verb: Order) -> UpdateAnswer:
        lock = None if self.busy() else memory.hold()
        if lock is None:
            return UpdateAnswer(ok=False, status=423, error=LOCK_HELD)
        try:
            known = facts.read()
            said = commands.begin(verb, known)
            if said.ok:
                self.job = threading.Thread(target=_work, args=(verb, known, lock))
                self.job.start()
                lock = None
            return said
        finally:
            if lock is not None:
                os.close(lock)


def _work(verb: Order, known: Facts, lock: int) -> None:
    try:
        commands.carry_out(verb, known)
    except Exception as error:  # noqa: BLE001  (the lock must go, and the reason into the journal)
        journal.error(f"update {verb}: {error!r}")
    finally:
        os.close(lock)


def main(_argv: list[str]) -> int:
    listener = systemd.listener()
    if listener is None:
        journal.error("cannot serve requests: started without a socket")
        return 1
    desk = Desk()
    with listener:
        requests.drain(listener, desk.answer, requests.IDLE_SECONDS)
        while desk.busy():
            requests.drain(listener, desk.answer, requests.IDLE_SECONDS)
    return 0
