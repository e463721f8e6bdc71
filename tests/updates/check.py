"""What a disk is worth after a power cut: which version boots, whether it is whole, its settings.

Each look is remembered by the key of the areas it read. The rule is the one in
docs/update-safety.md: every kernel image that the loader may take is whole, and so is the root it
stands for; no two files share bytes; a slot that bears a version's identifiers holds it; the
partition table has a good copy; settings are those of one generation. Deliberately unknown here:
why a disk looks as it does, and which version it should be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from updates.ext4 import Ext4, Ext4Error
from updates.log import SECTOR

from skyrocket.build.image.fat import Fat, FatError
from skyrocket.host.store.document import encode
from skyrocket.host.store.errors import StoreError
from skyrocket.host.store.filesystem import FileStore
from skyrocket.host.system import verity
from skyrocket.host.system.faults import DoorError
from skyrocket.host.update.errors import SourceError
from skyrocket.host.update.tree import BLOCK, Tree, levels
from skyrocket.models import disk, gpt, pe, slots
from skyrocket.models.boots import Uki, booted_by_loader

if TYPE_CHECKING:
    from collections.abc import Hashable

    from updates.medium import State

T = TypeVar("T")
ReadAt = Callable[[int, int], bytes]
TABLE = "table"
STAGED = "staged"


class Known(NamedTuple):
    """A version that may be on the disk; IMAGE is the SHA-256 of its kernel image."""

    version: str
    image: str
    root_hash: str


class Kernel(NamedTuple):
    """A kernel image where the loader looks; KNOWN is None when it is not whole."""

    name: slots.Name
    known: Known | None


class Settings(NamedTuple):
    """The generation that is live (0: none yet), and the hash of each one that can be read."""

    generation: int = 0
    kept: tuple[tuple[int, str], ...] = ()


class Look(NamedTuple):
    """Everything that was seen; BEHIND: versions with a broken image that is not chosen."""

    boots: str
    settings: Settings
    faults: tuple[str, ...]
    behind: tuple[str, ...] = ()


class Choice(NamedTuple):
    """What the loader makes of the kernel images."""

    boots: str = ""
    faults: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


class Fault(NamedTuple):
    """In place of what should have been read."""

    text: str


def known(image: bytes) -> Known:
    """The version whose kernel image is given."""
    program = pe.parse(image)
    release = (program.content(image, ".osrel") or b"").decode().splitlines()
    words = (program.content(image, ".cmdline") or b"").rstrip(b"\0\n").decode().split()
    values = dict(line.partition("=")[::2] for line in release)
    hashes = dict(word.partition("=")[::2] for word in words)
    digest = hashlib.sha256(image).hexdigest()
    return Known(values["VERSION_ID"].strip('"'), digest, hashes["roothash"])


def store(read_at: ReadAt) -> Settings | Fault:
    """The settings on a private partition."""
    try:
        files = FileStore(door=Door(Ext4(read_at)))
        now = files.load()
        if now is None:
            return Settings()
        past = [files.generation(each.generation) for each in files.history()]
    except (Ext4Error, StoreError) as error:
        return Fault(str(error))
    kept = [(each.generation, hashlib.sha256(encode(each)).hexdigest()) for each in past]
    return Settings(now.generation, tuple(kept))


class Door:
    """The part of the door `Files` that reads, over a file system that is not mounted."""

    def __init__(self, system: Ext4, mounted: str = "/var/lib/bottlerocket") -> None:
        self._system, self._mounted = system, mounted

    def read(self, path: str) -> bytes | None:
        return self._system.read(path.removeprefix(self._mounted))

    def names(self, folder: str) -> list[str]:
        return self._system.names(folder.removeprefix(self._mounted))

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"a disk that is looked at is not changed: {name}")


class Checker:
    """Looks at states of one disk of SECTORS sectors; ROOMS says where its partitions are."""

    def __init__(
        self,
        versions: list[Known],
        rooms: dict[str, range],
        sectors: int,
        settings: Callable[[ReadAt], Settings | Fault] = store,
    ) -> None:
        self._by_image = {each.image: each for each in versions}
        self._versions, self._rooms, self._sectors = versions, rooms, sectors
        self._settings = settings
        self._loader = ""
        self._memory: dict[Hashable, object] = {}

    def look(self, state: State) -> Look:
        faults: list[str] = []
        table = self._once("table", state, (TABLE,), lambda: self._table(state))
        esp = self._once("esp", state, (disk.ESP,), lambda: self._esp(state))
        kernels = self._once("boot", state, (disk.BOOT,), lambda: self._kernels(state))
        found = self._once(
            "private",
            state,
            (disk.PRIVATE,),
            lambda: self._settings(self._room(state, disk.PRIVATE)),
        )
        faults += [each.text for each in (table, esp, kernels, found) if isinstance(each, Fault)]
        choice = Choice()
        if not isinstance(table, Fault) and not isinstance(kernels, Fault):
            choice = self._choice(kernels)
            faults += choice.faults
            faults += self._homeless(table, kernels)
            faults += self._slots(state, table)
        settings = found if isinstance(found, Settings) else Settings()
        return Look(choice.boots, settings, tuple(faults), choice.behind)

    def _once(self, what: str, state: State, areas: tuple[str, ...], look: Callable[[], T]) -> T:
        key = (what, areas, state.key(*areas))
        if key not in self._memory:
            self._memory[key] = look()
        return self._memory[key]  # type: ignore[return-value]

    def _room(self, state: State, label: str) -> ReadAt:
        room = self._rooms[label]
        start, size = room.start * SECTOR, len(room) * SECTOR
        return lambda at, length: state.read(start + at, max(0, min(length, size - at)))

    def _table(self, state: State) -> gpt.Table | Fault:
        try:
            return gpt.read(state.read, self._sectors).best
        except gpt.GptError as error:
            return Fault(str(error))

    def _esp(self, state: State) -> Fault | str:
        """The loader's hash: nobody ever writes there."""
        made = hashlib.sha256()
        try:
            system = Fat(self._room(state, disk.ESP))
            for path, file in system.files():
                made.update(path.encode() + system.read(file))
        except FatError as error:
            return Fault(f"the ESP: {error}")
        self._loader = self._loader or made.hexdigest()
        changed = made.hexdigest() != self._loader
        return Fault("the ESP is not what it was") if changed else self._loader

    def _kernels(self, state: State) -> list[Kernel] | Fault:
        try:
            system = Fat(self._room(state, disk.BOOT))
            files = [*system.files(slots.FOLDER), *system.files(STAGED)]
            owners: dict[int, str] = {}
            for path, file in files:
                for cluster in system.clusters(file.cluster) if file.size else ():
                    if owners.setdefault(cluster, path) != path:
                        return Fault(f"{owners[cluster]} and {path} share their bytes")
            found = []
            for path, file in files:
                inside = path.rpartition("/")[0] == slots.FOLDER  # addons are in folders below it
                if not inside or not path.lower().endswith(slots.SUFFIX):
                    continue  # the loader takes no other name for a kernel image
                name = slots.parse(path.rpartition("/")[2])
                if name is None:
                    return Fault(f"{path} is no kernel image of ours")
                digest = hashlib.sha256(system.read(file)).hexdigest()
                found.append(Kernel(name, self._by_image.get(digest)))
        except FatError as error:
            return Fault(f"the boot partition: {error}")
        return found

    def _choice(self, kernels: list[Kernel]) -> Choice:
        """What the loader takes; it may well take a broken image, whose name says the version."""
        numbers = {slots.key_of(each.root_hash): each.version for each in self._versions}
        broken = {str(one.name) for one in kernels if one.known is None}
        chosen = booted_by_loader([Uki(one.name, numbers.get(one.name.key, "")) for one in kernels])
        if chosen is None:
            return Choice(faults=("nothing boots",))
        good = str(chosen.name) not in broken
        others = sorted(broken - {str(chosen.name)})
        sure = good and chosen.name.blessed  # or the next one's turn may come
        told = tuple(f"kernel image {name} is broken" for name in sorted(broken))
        behind = tuple(numbers.get(one.name.key, "") for one in kernels if str(one.name) in others)
        return Choice(chosen.version if good else "", () if sure else told, behind if sure else ())

    def _homeless(self, table: gpt.Table, kernels: list[Kernel]) -> list[str]:
        return [
            f"kernel image of {each.version} finds no root"
            for each in (one.known for one in kernels)
            if each and disk.find_id(table, disk.root_ids(each.root_hash)[0]) is None
        ]

    def _slots(self, state: State, table: gpt.Table) -> list[str]:
        return [
            f"slot of {each.version}: {fault}"
            for each in self._versions
            if (fault := self._slot(state, table, each))
        ]

    def _slot(self, state: State, table: gpt.Table, version: Known) -> str:
        """What is wrong with the slot that bears VERSION's identifiers, if one does."""
        root, tree = (disk.find_id(table, each) for each in disk.root_ids(version.root_hash))
        if root is None and tree is None:
            return ""
        if root is None or tree is None:
            return "one of its two identifiers is missing"
        names = [entry.name if (entry := table.entries[at]) else "" for at in (root, tree)]
        areas = (names[0], names[1])
        if areas not in zip(disk.ROOTS, disk.HASHES, strict=True):
            return f"its identifiers are those of {names[0]} and {names[1]}"
        return self._once(
            version.root_hash, state, areas, lambda: self._verity(state, areas, version.root_hash)
        )

    def _verity(self, state: State, areas: tuple[str, str], root_hash: str) -> str:
        """Every block under the root hash."""
        data, raw = (self._room(state, each) for each in areas)
        try:
            blocks = verity.parse(raw(0, BLOCK)).blocks
            tree = Tree(raw(0, (1 + sum(levels(blocks))) * BLOCK), root_hash)
        except (DoorError, SourceError) as error:
            return str(error)
        step = 256
        for first in range(0, tree.blocks, step):
            part = memoryview(data(first * BLOCK, step * BLOCK))
            for at in range(min(step, tree.blocks - first)):
                if not tree.fits(first + at, part[at * BLOCK : (at + 1) * BLOCK]):
                    return f"block {first + at} is not its own"
        return ""


def rooms(table: gpt.Table) -> dict[str, range]:
    """Where the partitions are, in sectors."""
    return {each.name: range(each.first, each.last + 1) for each in table.entries if each}


def areas(places: dict[str, range], sectors: int) -> dict[str, tuple[range, ...]]:
    """What of a disk is looked at; `data` is not."""
    ends = 2 + gpt.ENTRIES_BYTES // SECTOR
    shown = (disk.ESP, disk.BOOT, *disk.ROOTS, *disk.HASHES, disk.PRIVATE)
    found = {label: (places[label],) for label in shown}
    return {TABLE: (range(ends), range(sectors - ends, sectors)), **found}


def folder(read_at: ReadAt, places: dict[str, range]) -> range:
    """The sectors in which the loader finds names: the first cluster of EFI/Linux."""
    start = places[disk.BOOT].start
    system = Fat(lambda at, length: read_at(start * SECTOR + at, length))
    cluster = system.folder(slots.FOLDER)
    assert cluster is not None
    place = system.place(cluster)
    return range(start + place.start // SECTOR, start + place.stop // SECTOR)
