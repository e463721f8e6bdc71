"""The node's updater on a disk of files, for `measure.update`, which seals it as a program.

Arguments: the repository's address, its root, a folder that has the disk, `look` or `apply`.
What came of it goes as JSON to standard output. The disk's folder holds root and tree of both
slots as files, and the boot partition as a folder.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.slots.boot_partition import BootPartition
from skyrocket.host.system.web import Client
from skyrocket.host.update import commands, prepare
from skyrocket.host.update import facts as room
from skyrocket.host.update.facts import Facts, Settings
from skyrocket.models import disk, gpt
from skyrocket.models.update_status import Image, Kept, Status

if TYPE_CHECKING:
    from typing import Self

GUESS = 1 << 30
"""Bytes of each root slot, more than any version needs."""


class BootFolder(BootPartition):
    """The boot partition, which is always mounted."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def sync(self) -> None:
        """What is ours was synced file by file; a node's call would wait for others' files too."""


class FileDisk:
    """Partition PLACE is the file `pPLACE`; RUNNING has the first slot's identifiers."""

    def __init__(self, folder: str, running: str) -> None:
        self._folder = folder
        plan = disk.layout(disk.Sizes(root=GUESS))
        ids = {part.label: gpt.random_guid(bytes([at] * 16)) for at, part in enumerate(plan.parts)}
        ids |= dict(zip((disk.ROOTS[0], disk.HASHES[0]), disk.root_ids(running), strict=True))
        self._table = plan.table(gpt.random_guid(bytes(16)), ids)

    def table(self) -> gpt.Table:
        return self._table

    def write(self, table: gpt.Table) -> None:
        self._table = table

    def device(self, place: int) -> str:
        return f"{self._folder}/p{place}"

    def boot(self) -> BootFolder:
        return BootFolder("none", f"{self._folder}/boot")


def resident() -> int:
    """The most memory this process had at once, in bytes."""
    with open("/proc/self/status", "rb") as file:  # noqa: PTH123  (sealed, as on a node)
        line = next(line for line in file if line.startswith(b"VmHWM:"))
    return int(line.split()[1]) * 1024


def main(argv: list[str]) -> int:
    _, base, root, folder, running, verb = argv
    with open(root, "rb") as file:  # noqa: PTH123
        trusted = file.read()
    commands.room.trusted_root = lambda: trusted
    settings = Settings(f"{base}/metadata", f"{base}/targets", ignore_waves=True)
    image = Image("x86_64", "1.0.0", "vm-dev")
    facts = Facts(settings, image, running, "boot", (running,), folder=f"{folder}/update")
    idle, client, begin = resident(), Client(room.proxy()), time.monotonic()
    repository, content = commands._look(facts, client)  # noqa: SLF001
    told = (0, 0, 0)
    if verb == "apply":
        (update,) = content.updates
        chosen = Image(update.arch, update.version, update.variant)
        kept = Kept(Status(chosen_update=chosen))
        order, _ = commands._order(facts, kept, repository, content)  # noqa: SLF001
        source = prepare.Source(repository, client)
        places = prepare.Places(running, facts.folder)
        told = prepare.prepare(order, source, places, FileDisk(folder, running))
    said = {
        "seconds": time.monotonic() - begin,
        "processor_seconds": time.process_time(),
        "received": client.received,
        "blocks": told,
        "idle_bytes": idle,
        "most_bytes": resident(),
    }
    sys.stdout.write(msgspec.json.encode(said).decode())
    return 0
