"""A node's disk in a folder: partitions as files, the boot partition as a folder, power that fails.

It has the shape of `host.update.disk.NodeDisk`. A step is anything that reaches the medium; at the
step that is asked for the power fails before it happens.
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

from fakes import verity

from skyrocket.host.slots import boot_partition
from skyrocket.host.slots.choice import Uki, booted_by_loader
from skyrocket.host.update.errors import SourceError
from skyrocket.host.update.tree import BLOCK, Tree
from skyrocket.models import block_index, disk, gpt, slots

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self


KERNEL = random.Random(0).randbytes(6 * BLOCK)
"""What the kernel images of all versions begin with."""


class PowerCutError(BaseException):
    """No handler of errors runs when the power fails."""


class Version:
    """A version with its root, tree and kernel image."""

    def __init__(self, number: str, blocks: list[bytes]) -> None:
        self.number = number
        self.root = b"".join(blocks)
        self.raw, self.root_hash = verity.tree(self.root)
        self.image = KERNEL + f"kernel image of {number} ".encode() * 2000
        self.sha256 = hashlib.sha256(self.image).hexdigest()
        self.index = block_index.of([self.image]).dump()

    @property
    def key(self) -> str:
        return slots.key_of(self.root_hash)


class Power:
    """Fails at step FAILS (None: never)."""

    def __init__(self, fails: int | None = None) -> None:
        self.fails, self.steps = fails, 0

    def step(self) -> None:
        self.steps += 1
        if self.fails is not None and self.steps > self.fails:
            raise PowerCutError


class BootFolder(boot_partition.BootPartition):
    """The boot partition, which is always mounted."""

    def __init__(self, place: Path, power: Power | None = None, room: int = 1 << 40) -> None:
        super().__init__("none", str(place))
        self.power, self.room = power or Power(), room
        (place / slots.FOLDER).mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self.power.step()
        return self

    def __exit__(self, *_: object) -> None:
        self.power.step()

    def path(self, name: str) -> str:
        self.power.step()
        return super().path(name)

    def sync(self) -> None:
        self.power.step()

    def free(self) -> int:
        return self.room


class FakeDisk:
    """Two slots: RUNNING in the first, OTHER (or nothing) in the second."""

    def __init__(self, folder: Path, running: Version, other: Version | None) -> None:
        self.folder, self.power = folder, Power()
        plan = disk.layout(disk.Sizes(root=disk.MIB * 8))
        ids = {part.label: gpt.random_guid(bytes([at] * 16)) for at, part in enumerate(plan.parts)}
        for version, place, labels in ((running, 2, 0), (other, 4, 1)):
            (folder / f"p{place}").write_bytes(version.root if version else bytes(BLOCK))
            (folder / f"p{place + 1}").write_bytes(version.raw if version else bytes(BLOCK))
            names = (disk.ROOTS[labels], disk.HASHES[labels])
            if version is not None:
                ids |= dict(zip(names, disk.root_ids(version.root_hash), strict=True))
        self.now = plan.table(gpt.random_guid(bytes(16)), ids)
        for version in filter(None, (running, other)):
            path = folder / "boot" / slots.FOLDER / slots.name_for(version.root_hash)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(version.image)

    def table(self) -> gpt.Table:
        return self.now

    def write(self, table: gpt.Table) -> None:
        self.power.step()
        self.now = table

    def device(self, place: int) -> str:
        self.power.step()
        return str(self.folder / f"p{place}")

    def boot(self) -> BootFolder:
        return BootFolder(self.folder / "boot", self.power)

    def harm(self, versions: list[Version]) -> list[str]:
        """What is wrong with the disk as it is now: nothing that can be booted may be broken."""
        found = [f"slot of {v.number} is broken" for v in versions if not self._whole(v)]
        names = BootFolder(self.folder / "boot").names()
        known = {version.key: version for version in versions}
        for name in names:
            version = known[name.key]
            path = self.folder / "boot" / slots.FOLDER / str(name)
            if path.read_bytes() != version.image:
                found.append(f"kernel image of {version.number} is broken")
            if self._place(version) is None and not name.exhausted:
                found.append(f"kernel image of {version.number} finds no root")
        return found + ([] if self.boots(versions) else ["nothing boots"])

    def boots(self, versions: list[Version]) -> str:
        """The version that the modelled loader takes."""
        numbers = {version.key: version.number for version in versions}
        names = BootFolder(self.folder / "boot").names()
        chosen = booted_by_loader([Uki(name, numbers[name.key]) for name in names])
        return chosen.version if chosen else ""

    def _place(self, version: Version) -> int | None:
        return disk.find_id(self.now, disk.root_ids(version.root_hash)[0])

    def _whole(self, version: Version) -> bool:
        """A slot that carries a version's identifiers holds all of it."""
        place = self._place(version)
        if place is None:
            return True
        root = (self.folder / f"p{place}").read_bytes()
        try:
            tree = Tree((self.folder / f"p{place + 1}").read_bytes(), version.root_hash)
        except SourceError:
            return False
        return all(tree.fits(at, block) for at, block in numbered(root, tree.blocks))


def numbered(data: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    for at in range(count):
        yield at, data[at * BLOCK : (at + 1) * BLOCK]
