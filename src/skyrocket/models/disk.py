"""The disk of a node as data: its partitions, their sizes, types and names.

    esp │ boot │ root-a │ hash-a │ root-b │ hash-b │ private │ data

`data` is absent from an image: the first boot creates it up to the end of the disk it finds.
Sizes are the one thing that no update can change, so they are generous where growth is likely.

Deliberately unknown here: devices, files, how any of it is formatted. Standard library only.
"""

from __future__ import annotations

from skyrocket.models.gpt import Entry, Table

MIB = 1 << 20
SECTOR = 512
ALIGN = MIB // SECTOR

ESP = "esp"
BOOT = "boot"
PRIVATE = "private"
DATA = "data"
ROOTS = ("root-a", "root-b")
HASHES = ("hash-a", "hash-b")

# Discoverable Partitions Specification, by architecture: (root, its hash tree).
ROOT_TYPES = {
    "amd64": (
        "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
        "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
    ),
    "arm64": (
        "b921b045-1df0-41c3-af44-4c6f280d3fae",
        "df3300ce-d69f-4c92-978c-9bfb0f38d820",
    ),
}
ESP_TYPE = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
BOOT_TYPE = "bc13c2ff-59e6-4262-a352-b275fd6f7172"
# Our own types: no other program takes these partitions for something it should mount.
PRIVATE_TYPE = "7eb00953-7a75-482d-aea6-f022884c8216"
DATA_TYPE = "2782b966-0542-4234-a1a3-e99655a2e6d4"

READ_ONLY = 1 << 60
NO_AUTO = 1 << 63
# Ours: the partition was created, but its file system is not finished. It survives any power cut,
# so that only a partition that never held data is ever formatted.
NEW = 1 << 56


class Sizes:
    """Bytes of each partition; a variant file may ask for larger roots."""

    __slots__ = ("boot", "esp", "hash", "private", "root")

    def __init__(
        self,
        root: int = 1024 * MIB,
        *,
        hash_tree: int | None = None,
        esp: int = 64 * MIB,
        boot: int = 512 * MIB,
        private: int = 128 * MIB,
    ) -> None:
        self.root = root
        self.hash = hash_bytes(root) if hash_tree is None else hash_tree
        self.esp = esp
        self.boot = boot
        self.private = private


class Part:
    """One partition of the layout: label, type GUID, place in bytes, GPT attributes."""

    __slots__ = ("attributes", "kind", "label", "offset", "size")

    def __init__(self, label: str, kind: str, offset: int, size: int, attributes: int) -> None:
        self.label = label
        self.kind = kind
        self.offset = offset
        self.size = size
        self.attributes = attributes

    def entry(self, ident: str) -> Entry:
        """The partition as an entry of the table, under the GUID IDENT."""
        first = self.offset // SECTOR
        last = first + self.size // SECTOR - 1
        return Entry(self.kind, ident, first, last, self.label, self.attributes)


class Layout:
    """All partitions of an image in slot order, and the bytes of the whole image."""

    __slots__ = ("image_bytes", "parts")

    def __init__(self, parts: tuple[Part, ...], image_bytes: int) -> None:
        self.parts = parts
        self.image_bytes = image_bytes

    def part(self, label: str) -> Part:
        """The partition called LABEL."""
        return next(part for part in self.parts if part.label == label)

    def table(self, disk_id: str, ids: dict[str, str]) -> Table:
        """The image's partition table; IDS gives each label its GUID."""
        entries = tuple(part.entry(ids[part.label]) for part in self.parts)
        return Table(disk_id, self.image_bytes // SECTOR, entries, SECTOR)


def hash_bytes(root: int) -> int:
    """Bytes to keep for the hash tree of ROOT bytes: 1 %, in whole MiB (the tree takes 0.8 %)."""
    return -(-root // 100 // MIB) * MIB


def layout(sizes: Sizes, architecture: str = "amd64") -> Layout:
    """Place the partitions of an image one after another, each at a whole MiB."""
    root, tree = ROOT_TYPES[architecture]
    fixed = READ_ONLY | NO_AUTO
    wanted = [(ESP, ESP_TYPE, sizes.esp, 0), (BOOT, BOOT_TYPE, sizes.boot, 0)]
    for root_label, hash_label in zip(ROOTS, HASHES, strict=True):
        wanted.append((root_label, root, sizes.root, fixed))
        wanted.append((hash_label, tree, sizes.hash, fixed))
    wanted.append((PRIVATE, PRIVATE_TYPE, sizes.private, NO_AUTO))
    parts: list[Part] = []
    offset = MIB
    for label, kind, size, attributes in wanted:
        parts.append(Part(label, kind, offset, size, attributes))
        offset += -(-size // MIB) * MIB
    return Layout(tuple(parts), offset + MIB)


def root_ids(root_hash: str) -> tuple[str, str]:
    """The GUIDs of root and hash partition that a root hash stands for (its two ends)."""
    digits = root_hash.lower()
    if len(digits) != 64 or any(c not in "0123456789abcdef" for c in digits):
        raise ValueError(f"cannot use the root hash {root_hash!r}: it has not 64 hex digits")
    return _guid(digits[:32]), _guid(digits[32:])


def find(table: Table, kind: str, ident: str | None = None) -> int | None:
    """The slot of the first partition of type KIND (and with GUID IDENT), or None."""
    for slot, entry in enumerate(table.entries):
        if entry and entry.type == kind and ident in {None, entry.id}:
            return slot
    return None


def find_id(table: Table, ident: str) -> int | None:
    """The slot of the partition with the GUID IDENT, or None."""
    for slot, entry in enumerate(table.entries):
        if entry and entry.id == ident:
            return slot
    return None


def with_data(table: Table, ident: str) -> tuple[Table, int] | None:
    """The table with `data` up to the disk's end and its slot; None when no room is left."""
    used = [entry for entry in table.entries if entry]
    first = -(-(max(entry.last for entry in used) + 1) // ALIGN) * ALIGN
    last = _aligned_end(table)
    if last - first + 1 < 64 * ALIGN:
        return None
    slot = len(table.entries)
    entry = Entry(DATA_TYPE, ident, first, last, DATA, NO_AUTO | NEW)
    return table.replaced(slot, entry), slot


def with_grown_data(table: Table) -> Table | None:
    """The table with `data` stretched to the disk's end, or None when it already reaches it."""
    slot = find(table, DATA_TYPE)
    entry = table.entries[slot] if slot is not None else None
    if slot is None or entry is None:
        return None
    if any(other and other.first > entry.last for other in table.entries):
        return None
    last = _aligned_end(table)
    return table.replaced(slot, entry.moved(last=last)) if last > entry.last else None


def _aligned_end(table: Table) -> int:
    return (table.last_usable + 1) // ALIGN * ALIGN - 1


def _guid(digits: str) -> str:
    cuts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "-".join(cuts)
