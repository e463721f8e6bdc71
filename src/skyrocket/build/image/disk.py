"""The disk image: partition table, loader, kernel images, slots, an empty private file system."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.image import uki
from skyrocket.models import disk, gpt
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from skyrocket.models.disk import Layout

_NAMESPACE = uuid.UUID("0d7d7c26-9a59-4b6b-8a4e-4f1f3c6b52aa")
LOADER_CONF = "timeout 0\nconsole-mode keep\neditor no\nauto-entries no\nauto-firmware no\n"


class Slot(NamedTuple):
    """One bootable version: files made by earlier steps, and its kernel image's name."""

    root: Path
    verity: Path
    uki: Path
    root_hash: str
    name: str


def make(
    tools: Sandbox,
    layout: Layout,
    slots: Sequence[Slot],
    folder: Path,
    esp: dict[str, Path | bytes],
) -> None:
    """Write FOLDER/disk.raw, sparse, with one or two slots filled."""
    _esp(tools, layout, folder, esp)
    _boot(tools, layout, slots, folder)
    _private(tools, layout, folder)
    image = folder / "disk.raw"
    with image.open("wb") as file:
        file.truncate(layout.image_bytes)
    table = layout.table(_guid("disk"), identifiers(layout, slots))
    sources = {label: folder / f"{label}.img" for label in (disk.ESP, disk.BOOT, disk.PRIVATE)}
    for slot, root, tree in zip(slots, disk.ROOTS, disk.HASHES, strict=False):
        sources |= {root: slot.root, tree: slot.verity}
    for label, source in sources.items():
        _copy(source, image, layout.part(label).offset)
    with image.open("r+b") as file:
        file.write(gpt.protective_mbr(table))
        for group in gpt.writes(table):
            for offset, data in group:
                file.seek(offset)
                file.write(data)
    for label in (disk.ESP, disk.BOOT, disk.PRIVATE):
        sources[label].unlink()


def identifiers(layout: Layout, slots: Sequence[Slot]) -> dict[str, str]:
    """A GUID per label: fixed ones, but for filled slots, whose root hash is their name."""
    ids = {part.label: _guid(part.label) for part in layout.parts}
    for slot, root, tree in zip(slots, disk.ROOTS, disk.HASHES, strict=False):
        ids[root], ids[tree] = disk.root_ids(slot.root_hash)
    return ids


def _guid(label: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, label))


def esp_files(loader: Path, architecture: str) -> dict[str, Path | bytes]:
    """What the ESP holds: the loader under its two names, and its configuration."""
    return {
        f"EFI/BOOT/{uki.REMOVABLE[architecture]}": loader,
        f"EFI/systemd/{uki.LOADER[architecture]}": loader,
        "loader/loader.conf": LOADER_CONF.encode(),
    }


def _esp(tools: Sandbox, layout: Layout, folder: Path, held: dict[str, Path | bytes]) -> None:
    conf = folder / "loader.conf"
    conf.write_text(LOADER_CONF)
    files = {
        name: conf if isinstance(content, bytes) else content for name, content in held.items()
    }
    # FAT32 needs 65,525 clusters: a small partition gets the smallest clusters.
    _fat(tools, folder, disk.ESP, layout.part(disk.ESP).size, files, cluster_sectors=1)
    conf.unlink()


def _boot(tools: Sandbox, layout: Layout, slots: Sequence[Slot], folder: Path) -> None:
    files = {f"EFI/Linux/{slot.name}": slot.uki for slot in slots}
    _fat(tools, folder, disk.BOOT, layout.part(disk.BOOT).size, files, cluster_sectors=8)


def _fat(
    tools: Sandbox, folder: Path, label: str, size: int, files: dict[str, Path], *,
    cluster_sectors: int,
) -> None:  # fmt: skip
    image = f"/out/{label}.img"
    with (folder / f"{label}.img").open("wb") as file:
        file.truncate(size)
    serial = hashlib.sha256(label.encode()).hexdigest()[:8]
    mounts = [Mount(folder, "/out", writable=True)]
    mounts += [Mount(path, f"/in/{number}") for number, path in enumerate(files.values())]
    environment = {"SOURCE_DATE_EPOCH": "315619200", "MTOOLS_SKIP_CHECK": "1"}
    for argv in _fat_commands(image, label, serial, list(files), cluster_sectors):
        tools.run(argv, mounts=mounts, env=environment)


def _fat_commands(
    image: str, label: str, serial: str, names: list[str], cluster_sectors: int
) -> list[list[str]]:
    folders = sorted(
        {"/".join(n.split("/")[:d]) for n in names for d in range(1, n.count("/") + 1)}
    )
    made = [["mmd", "-i", image, *(f"::/{folder}" for folder in folders)]] if folders else []
    return [
        ["mkfs.vfat", "--invariant", "-F", "32", "-s", str(cluster_sectors), "-n", label.upper(),
         "-i", serial, image],
        *made,
        *(["mcopy", "-i", image, f"/in/{k}", f"::/{name}"] for k, name in enumerate(names)),
    ]  # fmt: skip


def _private(tools: Sandbox, layout: Layout, folder: Path) -> None:
    with (folder / "private.img").open("wb") as file:
        file.truncate(layout.part(disk.PRIVATE).size)
    ident = _guid("private-file-system")
    tools.run(
        [
            "mke2fs", "-q", "-t", "ext4", "-b", "4096", "-i", "8192", "-I", "256", "-m", "0",
            "-L", "private", "-U", ident,
            "-E", f"hash_seed={ident},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
            "-O", "^metadata_csum_seed,^orphan_file", "/out/private.img",
        ],
        mounts=[Mount(folder, "/out", writable=True)],
        env={"E2FSPROGS_FAKE_TIME": "1700000000", "SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip


def _copy(source: Path, image: Path, offset: int) -> None:
    """SOURCE's bytes at OFFSET; runs of zeros stay holes."""
    chunk = 1 << 20
    with source.open("rb") as reader, image.open("r+b") as writer:
        at = offset
        while data := reader.read(chunk):
            if data.count(0) != len(data):
                writer.seek(at)
                writer.write(data)
            at += len(data)
