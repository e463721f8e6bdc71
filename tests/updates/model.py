"""The story of a recording in small, without a machine: the same steps, sector by sector.

The partition table is the real one, FAT and hash trees are real, the roots are some blocks, and the
settings are two sectors of JSON in turn behind a pointer, since no ext4 is written here. It gives
the checker and the seeded bugs something to work on in a second.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING, NamedTuple

from fakes import verity
from updates import check
from updates.bugs import ASKED, BOOTED, GOOD, READY, Story
from updates.check import Fault, Known, Settings
from updates.log import SECTOR, Op
from updates.medium import Medium
from updates.record import Mark

from skyrocket.models import disk, gpt, slots

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = disk.Sizes(disk.MIB, hash_tree=disk.MIB, esp=disk.MIB, boot=disk.MIB, private=disk.MIB)
LAYOUT = disk.layout(SIZES)
SECTORS = LAYOUT.image_bytes // SECTOR
CLUSTER = 8  # sectors
FAT_AT, FAT_SECTORS = 8, 8
DATA_AT = FAT_AT + FAT_SECTORS
ROOT_CLUSTER, EFI, LINUX, STAGED = 2, 3, 4, 5
PLACES = {"EFI/Linux": LINUX, "staged": STAGED}
LAST = 0x0FFFFFFF


class Version(NamedTuple):
    """A version in small; its kernel image has no sections, since `known` is told."""

    number: str
    root: bytes
    tree: bytes
    root_hash: str
    image: bytes

    @property
    def known(self) -> Known:
        return Known(self.number, hashlib.sha256(self.image).hexdigest(), self.root_hash)


def version(number: str, blocks: int = 40) -> Version:
    root = b"".join(f"{number} {at}".encode().ljust(4096, b".") for at in range(blocks))
    tree, root_hash = verity.tree(root)
    return Version(number, root, tree, root_hash, f"image of {number} ".encode() * 6000)


PAST, OLD, NEW = version("0.9.0"), version("1.0.0"), version("1.1.0")


class Boot:
    """The boot partition's FAT32 as the driver of a kernel would have it in memory."""

    def __init__(self) -> None:
        self.fat = {ROOT_CLUSTER: LAST, EFI: LAST, LINUX: LAST, STAGED: LAST}
        self.names: dict[str, dict[str, tuple[int, int]]] = {"EFI/Linux": {}, "staged": {}}

    def head(self) -> bytes:
        raw = bytearray(SECTOR)
        struct.pack_into("<HBHB", raw, 11, SECTOR, CLUSTER, FAT_AT, 1)
        struct.pack_into("<I", raw, 36, FAT_SECTORS)
        struct.pack_into("<I", raw, 44, ROOT_CLUSTER)
        raw[510:] = b"\x55\xaa"
        return bytes(raw)

    def table(self) -> bytes:
        raw = bytearray(FAT_SECTORS * SECTOR)
        for cluster, following in self.fat.items():
            struct.pack_into("<I", raw, 4 * cluster, following)
        return bytes(raw)

    def folder(self, path: str) -> bytes:
        """The first sector of a folder; long names as everywhere."""
        found = self.names[path].items()
        return b"".join(_records(name, start, size) for name, (start, size) in found).ljust(
            512, b"\0"
        )

    def add(self, path: str, name: str, size: int) -> list[int]:
        """Room for a file -> its clusters."""
        count = -(-size // (CLUSTER * SECTOR))
        free = [at for at in range(6, FAT_SECTORS * SECTOR // 4) if at not in self.fat][:count]
        for at, following in zip(free, [*free[1:], LAST], strict=True):
            self.fat[at] = following
        self.names[path][name] = (free[0], size)
        return free

    def remove(self, path: str, name: str) -> None:
        cluster, _ = self.names[path].pop(name)
        while cluster != LAST:
            cluster = self.fat.pop(cluster)

    def rename(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        self.names[new[0]][new[1]] = self.names[old[0]].pop(old[1])


def _records(name: str, cluster: int, size: int, *, folder: bool = False) -> bytes:
    parts = [name[at : at + 13] for at in range(0, len(name), 13)]
    made = []
    for number, part in reversed(list(enumerate(parts, 1))):
        text = (part + "\0").encode("utf-16-le")[:26].ljust(26, b"\xff")
        order = number | (0x40 if number == len(parts) else 0)
        made.append(bytes([order]) + text[:10] + b"\x0f\0\0" + text[10:22] + b"\0\0" + text[22:26])
    short = bytearray(b"SHORT      ".ljust(32, b"\0"))
    short[11] = 0x10 if folder else 0x20
    struct.pack_into("<H", short, 20, cluster >> 16)
    struct.pack_into("<HI", short, 26, cluster & 0xFFFF, size)
    return b"".join(made) + bytes(short)


class Node:
    """Writes to a disk and remembers each of them."""

    def __init__(self, aside: str) -> None:
        self._aside = aside  # the folder in which the kernel image is written
        self.base = bytearray(LAYOUT.image_bytes)
        self.ops: list[Op] = []
        self.marks: list[Mark] = []
        self._end, self._generation, self._live = SECTOR, 0, ""
        self._boot = Boot()
        ids = {p.label: gpt.random_guid(bytes([n] * 16)) for n, p in enumerate(LAYOUT.parts)}
        for each, root, tree in zip((OLD, PAST), disk.ROOTS, disk.HASHES, strict=True):
            ids[root], ids[tree] = disk.root_ids(each.root_hash)
        self.table = LAYOUT.table(gpt.random_guid(bytes(16)), ids)
        self._install()

    def _install(self) -> None:
        """The disk as it comes; nothing of that is in the log."""
        for batch in gpt.writes(self.table):
            for at, data in batch:
                self.write(at // SECTOR, data)
        for each, root, tree in zip((OLD, PAST), disk.ROOTS, disk.HASHES, strict=True):
            self.part(root, 0, each.root)
            self.part(tree, 0, each.tree)
            name = slots.name_for(each.root_hash, 1 if each == PAST else None)
            self.file("EFI/Linux", name, each.image)
        for label in (disk.ESP, disk.BOOT):
            self.part(label, 0, self._boot.head())
            self._cluster(ROOT_CLUSTER, _records("EFI", EFI, 0, folder=True), label)
        root = _records("EFI", EFI, 0, folder=True) + _records("staged", STAGED, 0, folder=True)
        self._cluster(ROOT_CLUSTER, root.ljust(512, b"\0"))
        self._cluster(EFI, _records("Linux", LINUX, 0, folder=True).ljust(512, b"\0"))
        self.names()
        for op in self.ops:
            self.base[op.sector * SECTOR : (op.sector + op.count) * SECTOR] = bytes(op.data or b"")
        self.ops.clear()
        self._end = SECTOR

    def write(self, sector: int, data: bytes) -> None:
        data = data.ljust(-(-len(data) // SECTOR) * SECTOR, b"\0")
        self._end += SECTOR + len(data)
        self.ops.append(Op(sector, len(data) // SECTOR, memoryview(data), end=self._end))

    def flush(self) -> None:
        self._end += SECTOR
        self.ops.append(Op(0, 0, flush=True, end=self._end))

    def part(self, label: str, sector: int, data: bytes) -> None:
        self.write(LAYOUT.part(label).offset // SECTOR + sector, data)

    def mark(self, what: str, *boots: str) -> None:
        self.marks.append(Mark(self._end, what, boots, self._generation))

    def _cluster(self, number: int, data: bytes, label: str = disk.BOOT) -> None:
        self.part(label, DATA_AT + (number - 2) * CLUSTER, data)

    def names(self) -> None:
        """What a sync of the boot partition writes."""
        self.part(disk.BOOT, FAT_AT, self._boot.table())
        for path, cluster in PLACES.items():
            self._cluster(cluster, self._boot.folder(path))

    def file(self, path: str, name: str, data: bytes) -> None:
        clusters = self._boot.add(path, name, len(data))
        self._cluster(clusters[0], data)  # they are in a row

    def set_table(self, ids: tuple[str, str]) -> None:
        for label, ident in zip((disk.ROOTS[1], disk.HASHES[1]), ids, strict=True):
            at = next(n for n, e in enumerate(self.table.entries) if e and e.name == label)
            entry = self.table.entries[at]
            assert entry is not None
            self.table = self.table.replaced(at, entry.moved(ident=ident))
        for batch in gpt.writes(self.table):
            for at, data in batch:
                self.write(at // SECTOR, data)
            self.flush()

    def commit(self, message: str, *boots: str) -> None:
        """New settings into the sector that is not in use, then the pointer to it."""
        self._generation += 1
        place = 1 + self._generation % 2
        text = json.dumps({"generation": self._generation, "motd": message})
        self.part(disk.PRIVATE, place, text.encode())
        self.flush()
        self.part(disk.PRIVATE, 0, str(place).encode())
        self.flush()
        self.mark(f"settings: {message}", *boots)

    def rename(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        self._boot.rename(old, new)
        for path in dict.fromkeys((new[0], old[0])):
            self._cluster(PLACES[path], self._boot.folder(path))
        self.flush()

    def update(self) -> None:
        """The order of docs/update-safety.md."""
        name = f"{slots.name_for(NEW.root_hash)}.new"
        self._boot.remove("EFI/Linux", slots.name_for(PAST.root_hash, 1))
        self.names()
        self.flush()
        self.set_table((gpt.random_guid(b"r" * 16), gpt.random_guid(b"s" * 16)))
        self.part(disk.HASHES[1], 0, NEW.tree)
        self.flush()
        for at in range(0, len(NEW.root), 8192):
            self.part(disk.ROOTS[1], at // SECTOR, NEW.root[at : at + 8192])
            if at % 32768 == 0:
                self.flush()
        self.flush()
        self.set_table(disk.root_ids(NEW.root_hash))
        self.file(self._aside, name, NEW.image)
        self.flush()
        self.names()
        self.flush()
        self.rename((self._aside, name), ("EFI/Linux", slots.name_for(NEW.root_hash, 1)))


def story(aside: str = "EFI/Linux") -> tuple[Node, Story]:
    """Commits, an update, the boot that proves it, and a commit after it."""
    node = Node(aside)
    node.mark("first boot", OLD.number)
    node.commit("before 0", OLD.number)
    node.commit("before 1", OLD.number)
    node.mark(ASKED, OLD.number, NEW.number)
    node.update()
    node.mark(READY, NEW.number)
    node.commit("ready", NEW.number)
    node.mark(BOOTED, OLD.number, NEW.number)
    names = (slots.Name(slots.key_of(NEW.root_hash), *each) for each in ((1,), (0, 1), ()))
    new, tried, good = (("EFI/Linux", str(name)) for name in names)
    node.rename(new, tried)
    node.rename(tried, good)
    node.mark(GOOD, NEW.number)
    node.commit("after 0", NEW.number)
    found, places = medium(node, node.ops), check.rooms(node.table)
    folder = check.folder(found.read_at, places)
    return node, Story(node.ops, found.touched, node.marks, places, folder)


def medium(node: Node, ops: list[Op]) -> Medium:
    places = check.rooms(node.table)
    return Medium(
        lambda at, length: bytes(node.base[at : at + length]), check.areas(places, SECTORS), ops
    )


def checker(node: Node) -> check.Checker:
    versions = [each.known for each in (PAST, OLD, NEW)]
    return check.Checker(versions, check.rooms(node.table), SECTORS, settings)


def settings(read_at: Callable[[int, int], bytes]) -> Settings | Fault:
    """The settings of this small disk."""
    place = read_at(0, SECTOR).rstrip(b"\0")
    if not place:
        return Settings()
    raw = read_at(int(place) * SECTOR, SECTOR).rstrip(b"\0")
    try:
        generation = int(json.loads(raw)["generation"])
    except ValueError as error:
        return Fault(f"cannot read settings: {error}")
    return Settings(generation, ((generation, raw.decode()),))
