"""A node's disks and keys, made with the programs of the tools tree."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple

from skyrocket.lab import nvram, qemu
from skyrocket.lab.errors import ToolError
from skyrocket.models.node import DISK_BYTES
from skyrocket.sandbox import Mount, Sandbox, SandboxError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from skyrocket.lab.nodes import Home
    from skyrocket.models.signing import Enrolment

_ACCOUNTS = "root:x:0:0:root:/tmp:/usr/sbin/nologin\n"
SEED_BLOCKS = 1440  # KiB, the smallest FAT that every reader knows


class Seed(NamedTuple):
    """The NoCloud disc that hands a node its user data."""

    user_data: str  # TOML
    kind: Literal["vfat", "iso9660"] = "vfat"
    compressed: bool = False  # with gzip

    def content(self) -> bytes:
        """The file `user-data`; the same words always make the same bytes."""
        raw = self.user_data.encode()
        return gzip.compress(raw, mtime=0) if self.compressed else raw


def origin(image: Path, seed: Seed) -> str:
    """What a node's disk grew from: if this changes, the disk is begun anew."""
    digest = hashlib.sha256()
    for name in ("cmdline", "manifest.json"):  # both name the root hash
        file = image / name
        digest.update(file.read_bytes() if file.is_file() else b"")
        digest.update(b"\0")
    digest.update(f"{seed.kind}\0".encode())
    digest.update(seed.content())
    return digest.hexdigest()


def make_disk(sandbox: Sandbox, place: Home, image: Path, begun: Path | None = None) -> None:
    """A new overlay on the image's disk, or a copy of one that was BEGUN; the old one is gone."""
    for old in (place.disk, place.known_hosts, place.firmware_vars):
        old.unlink(missing_ok=True)
    if begun is not None:
        tool(sandbox, place, [
            "qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2",
            f"{qemu.IMAGE}/{begun.name}", f"{qemu.NODE}/{place.disk.name}",
        ], begun.parent)  # fmt: skip
        return
    tool(sandbox, place, [
        "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", f"{qemu.IMAGE}/disk.raw",
        f"{qemu.NODE}/{place.disk.name}", str(DISK_BYTES),
    ], image)  # fmt: skip


def make_seed(sandbox: Sandbox, place: Home, seed: Seed) -> None:
    """The NoCloud disc with the file `user-data`: FAT labelled CIDATA, or ISO 9660 `cidata`."""
    place.user_data.write_text(seed.user_data, encoding="utf-8")
    place.seed.unlink(missing_ok=True)
    content = place.folder / "seed.content"
    content.write_bytes(seed.content())
    plan = plan_iso if seed.kind == "iso9660" else plan_fat
    for argv in plan(f"{qemu.NODE}/{place.seed.name}", f"{qemu.NODE}/{content.name}"):
        tool(sandbox, place, argv)
    content.unlink()


def plan_fat(disc: str, content: str) -> list[list[str]]:
    """The commands that make DISC with CONTENT; pure."""
    return [
        ["mformat", "-C", "-i", disc, "-v", "CIDATA", "-f", str(SEED_BLOCKS), "-N", "0", "::"],
        ["mcopy", "-i", disc, content, "::user-data"],
    ]


def plan_iso(disc: str, content: str) -> list[list[str]]:
    """The same for a disc as most virtual machine managers make it."""
    name = f"user-data={content}"
    flags = ["-quiet", "-joliet", "-rational-rock", "-graft-points"]
    return [["genisoimage", "-output", disc, "-volid", "cidata", *flags, name]]


def make_key(sandbox: Sandbox, place: Home) -> str:
    """The node's ssh key, made once; the public half."""
    public = place.key.with_suffix(".pub")
    if not public.is_file():
        place.key.unlink(missing_ok=True)
        tool(sandbox, place, [
            "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"skyrocket {place.folder.name}",
            "-f", f"{qemu.NODE}/{place.key.name}",
        ])  # fmt: skip
    return public.read_text(encoding="utf-8")


def make_firmware_vars(sandbox: Sandbox, place: Home, trusted: Enrolment | None) -> None:
    """The node's own NVRAM, kept over its boots; with TRUSTED enrolled, Secure Boot is on."""
    if not place.firmware_vars.is_file():
        store = (sandbox.root / qemu.FIRMWARE_VARS.lstrip("/")).read_bytes()
        part = place.firmware_vars.with_suffix(".part")
        part.write_bytes(nvram.enrolled(store, trusted) if trusted else store)
        part.replace(place.firmware_vars)


def mounts(place: Home, image: Path | None = None) -> list[Mount]:
    """What a program of the lab sees: the node, an /etc with one user, and perhaps the image."""
    etc = place.folder / "etc"
    if not (etc / "passwd").is_file():
        etc.mkdir(exist_ok=True)
        # ssh and ssh-keygen refuse to work for a user id without a name.
        (etc / "passwd").write_text(_ACCOUNTS, encoding="ascii")
    shown = [Mount(place.folder, qemu.NODE, writable=True), Mount(etc, "/etc")]
    return [*shown, Mount(image, qemu.IMAGE)] if image else shown


def tool(sandbox: Sandbox, place: Home, argv: Sequence[str], image: Path | None = None) -> bytes:
    try:
        return sandbox.run(argv, mounts=mounts(place, image)).stdout
    except SandboxError as error:
        raise ToolError(f"cannot prepare node {place.folder.name}: {error}") from error
