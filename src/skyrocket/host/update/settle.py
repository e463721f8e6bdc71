"""What this boot says about the last update: it arrived, it came back, it was never started.

Run by every command, and by `health` when a boot begins and when it is found good. Deliberately
unknown here: what a node does about it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from skyrocket.host.slots.record import Records
from skyrocket.host.system import clock, journal
from skyrocket.host.system.faults import DoorError
from skyrocket.host.update import kernel_image, memory
from skyrocket.host.update.disk import NodeDisk
from skyrocket.models import update_history, update_status
from skyrocket.models.update_history import Seen
from skyrocket.models.update_status import Kept

if TYPE_CHECKING:
    from skyrocket.host.update.facts import Facts


def kept(facts: Facts) -> Kept:
    """What is remembered, as it is true in this boot."""
    found = memory.read(facts.folder) or Kept(boot=facts.boot)
    return _at_boot(found, facts, started=_started(found, facts))


def settled(facts: Facts) -> Kept:
    """The same, with the history brought up to this boot and written down where it changed."""
    found = memory.read(facts.folder) or Kept(boot=facts.boot)
    started = _started(found, facts)
    history = memory.read_history(facts.folder)
    left, ended = Records(facts.private).left()
    last = history[-1].to_root if history else ""
    why = ended if left == last else ""
    seen = Seen(facts.boot, facts.running, clock.exact(time.time_ns()), why, started=started)
    after = update_history.settled(history, seen, facts.good)
    if after != history:
        memory.write_history(facts.folder, after)
        journal.info(f"update to {after[-1].to_version}: {after[-1].outcome} {after[-1].reason}")
    now = _at_boot(found, facts, started=started)
    if now != found:
        memory.write(facts.folder, now)
    return now


def _at_boot(found: Kept, facts: Facts, *, started: bool) -> Kept:
    return update_status.at_boot(
        found, facts.running, facts.boot, facts.image, facts.good, started=started
    )


def _started(found: Kept, facts: Facts) -> bool:
    """Whether the loader took the version that was to boot; only looked up where it is in doubt."""
    staged = found.staged
    if staged is None or found.boot == facts.boot or staged.root_hash == facts.running:
        return True
    if found.status.update_state != "Ready":
        return True
    try:
        with NodeDisk().boot() as boot:
            return kernel_image.started(boot, staged.root_hash)
    except (DoorError, OSError) as error:
        journal.warning(f"cannot see whether the loader took the last update: {error}")
        return True
