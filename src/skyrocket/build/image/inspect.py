"""What an image file says of itself: partition table, hash trees, kernel images.

Everything is read from the disk image (raw or qcow2). Only the names and versions of packages and
the number of executables come from the manifest beside it, and only when its root hash is the
image's own. Mounts nothing, writes nothing, needs no rights and no tools.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from skyrocket.build.image import verity
from skyrocket.build.image.errors import ImageError
from skyrocket.build.image.fat import Fat, FatError
from skyrocket.build.image.qcow2 import MAGIC as QCOW2_MAGIC
from skyrocket.build.image.qcow2 import Qcow2, Qcow2Error
from skyrocket.models import disk, gpt, pe, slots
from skyrocket.models.manifest import Manifest, Partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EROFS_MAGIC, EROFS_AT = b"\xe2\xe1\xf5\xe0", 1024


class Kernel(msgspec.Struct, frozen=True):
    """A unified kernel image in the boot partition."""

    name: str
    bytes: int
    version: str
    kernel: str
    root_hash: str
    command_line: str


class Slot(msgspec.Struct, frozen=True):
    """A root and its hash tree: PROVEN root hash, or EMPTY, or what is WRONG."""

    label: str
    root_hash: str = ""
    root_bytes: int = 0
    hash_bytes: int = 0
    kernels: list[str] = []
    wrong: list[str] = []


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `image inspect --json`. Sizes in bytes; None: the manifest is not there."""

    image: str
    format: str
    disk_bytes: int
    manifest: str | None
    sbom: str | None
    variant: str | None
    root_hash: str
    root_bytes: int
    hash_bytes: int
    uki_bytes: int
    executables: int | None
    packages: dict[str, str] | None
    partitions: list[Partition]
    slots: list[Slot]
    kernels: list[Kernel]
    wrong: list[str]


class Disk(NamedTuple):
    """A disk's bytes."""

    format: str
    size: int
    read_at: Callable[[int, int], bytes]

    def part(self, entry: gpt.Entry) -> Callable[[int, int], bytes]:
        """The same for one partition; nothing is read past its end."""
        start, size = entry.first * disk.SECTOR, entry.sectors * disk.SECTOR
        return lambda at, length: self.read_at(start + at, max(0, min(length, size - at)))


def inspect(path: Path) -> Inspection:
    """Read the image at PATH; raises ImageError when it is no image of ours."""
    try:
        with opened(path) as image:
            return _inspect(path, image)
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror}") from error
    except (gpt.GptError, Qcow2Error, FatError) as error:
        raise ImageError(f"cannot inspect {path}: {error}") from error


@contextmanager
def opened(path: Path) -> Iterator[Disk]:
    """The disk inside the file PATH, whatever its format."""
    with path.open("rb") as file:
        if file.read(4) == QCOW2_MAGIC:
            file.seek(0)
            inner = Qcow2(file)
            yield Disk("qcow2", inner.size, inner.read_at)
        else:
            yield Disk("raw", file.seek(0, 2), lambda at, length: _read(file, at, length))


def lines(found: Inspection) -> list[str]:
    """The facts for people."""
    shown = [f"image       {found.image} ({found.format}, {found.disk_bytes >> 20} MiB)"]
    shown += [
        f"partition   {p.label:<8} {p.offset >> 20:>6} MiB + {p.size >> 20:>5} MiB  {p.type}"
        for p in found.partitions
    ]
    for slot in found.slots:
        if not slot.root_hash:
            shown.append(f"slot        {slot.label}: empty")
            continue
        shown.append(f"slot        {slot.label}: root hash {slot.root_hash}, every block proven")
        shown.append(f"            {slot.root_bytes:,} bytes of root, {slot.hash_bytes:,} of tree")
    for kernel in found.kernels:
        shown.append(f"kernel      {kernel.name}: {kernel.version}, {kernel.bytes:,} bytes")
        shown.append(f"            {kernel.kernel}: {kernel.command_line}")
    if found.packages is None:
        shown.append("packages    unknown: no manifest of this image beside it")
    else:
        shown.append(f"packages    {len(found.packages)}, with {found.executables} executables")
    return shown + [f"wrong       {wrong}" for wrong in found.wrong]


def _inspect(path: Path, image: Disk) -> Inspection:
    reading = gpt.read(image.read_at, image.size // disk.SECTOR)
    table = reading.best
    wrong = [
        f"{name} partition table {fault}"
        for name, fault in (("primary", reading.primary_fault), ("backup", reading.backup_fault))
        if fault
    ]
    by_label = {entry.name: entry for entry in table.entries if entry}
    kernels = _kernels(image, by_label, wrong)
    found = [
        _slot(image, by_label, pair, kernels) for pair in zip(disk.ROOTS, disk.HASHES, strict=True)
    ]
    wrong += [f"{slot.label}: {one}" for slot in found for one in slot.wrong]
    first = next((slot for slot in found if slot.root_hash), Slot(disk.ROOTS[0]))
    own = next((one for one in kernels if one.root_hash == first.root_hash), None)
    manifest = _manifest(path, first.root_hash)
    beside = path.parent
    return Inspection(
        image=str(path),
        format=image.format,
        disk_bytes=image.size,
        manifest=str(beside / "manifest.json") if manifest else None,
        sbom=str(beside / manifest.sbom) if manifest else None,
        variant=manifest.variant if manifest else None,
        root_hash=first.root_hash,
        root_bytes=first.root_bytes,
        hash_bytes=first.hash_bytes,
        uki_bytes=own.bytes if own else 0,
        executables=manifest.executables if manifest else None,
        packages=manifest.packages if manifest else None,
        partitions=[
            Partition(e.name, e.first * disk.SECTOR, e.sectors * disk.SECTOR, e.type)
            for e in table.entries
            if e
        ],
        slots=found,
        kernels=kernels,
        wrong=wrong,
    )


def _slot(
    image: Disk, entries: dict[str, gpt.Entry], pair: tuple[str, str], kernels: list[Kernel]
) -> Slot:
    label, tree = pair
    if label not in entries or tree not in entries:
        return Slot(label, wrong=["there is no such partition"])
    data_at, tree_at = image.part(entries[label]), image.part(entries[tree])
    if not any(tree_at(0, 512)):
        return Slot(label)
    try:
        head = verity.superblock(tree_at)
        root_hash = verity.root_hash(data_at, tree_at)
    except verity.VerityError as error:
        return Slot(label, wrong=[str(error)])
    wrong = []
    if data_at(EROFS_AT, 4) != EROFS_MAGIC:
        wrong.append("the root is no erofs")
    if (entries[label].id, entries[tree].id) != disk.root_ids(root_hash):
        wrong.append("the partitions' GUIDs are not those of the root hash")
    mine = [one.name for one in kernels if one.root_hash == root_hash]
    if not mine:
        wrong.append("no kernel image boots it")
    bytes_ = head.data_blocks * head.data_block
    return Slot(label, root_hash, bytes_, head.tree_bytes, mine, wrong)


def _kernels(image: Disk, entries: dict[str, gpt.Entry], wrong: list[str]) -> list[Kernel]:
    if disk.BOOT not in entries:
        wrong.append("there is no boot partition")
        return []
    found = []
    system = Fat(image.part(entries[disk.BOOT]))
    for path, file in system.files(slots.FOLDER):
        data = system.read(file)
        try:
            found.append(_kernel(path.rpartition("/")[2], data))
        except pe.PeError as error:
            wrong.append(f"{path}: {error}")
    return found


def _kernel(name: str, data: bytes) -> Kernel:
    program = pe.parse(data)
    text = {
        part: (program.content(data, part) or b"").rstrip(b"\0\n").decode("utf-8", "replace")
        for part in (".cmdline", ".osrel", ".uname")
    }
    release = dict(line.partition("=")[::2] for line in text[".osrel"].splitlines())
    words = text[".cmdline"].split()
    hashes = [word.removeprefix("roothash=") for word in words if word.startswith("roothash=")]
    return Kernel(
        name,
        len(data),
        release.get("VERSION_ID", "").strip('"'),
        text[".uname"],
        hashes[-1] if hashes else "",
        text[".cmdline"],
    )


def _manifest(image: Path, root_hash: str) -> Manifest | None:
    """The manifest in the image's folder, if it is this image's."""
    for folder in (image.parent, image.parent.parent):
        try:
            found = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError):
            continue
        return found if root_hash and found.root_hash == root_hash else None
    return None


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)
