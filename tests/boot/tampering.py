"""A copy of an image whose disk somebody has changed: what an attacker with the disk in hand does.

Works on a sparse copy of the raw disk, so that the image itself stays as it was built.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import msgspec

from skyrocket.build.image import initrd, uki
from skyrocket.build.image.entries import Entry, with_parents
from skyrocket.models import disk, pe, slots
from skyrocket.models.command_line import ADDITIONS
from skyrocket.models.manifest import Manifest
from skyrocket.models.signing import ENROLMENT_FILES
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.build.image.build import Built

HERE = "/altered"
WHOLE = ("cmdline", "manifest.json", "kernel", "initrd", *ENROLMENT_FILES)


class Altered:
    """The folder of a changed image; the lab takes it like any other."""

    def __init__(self, tools: Sandbox, source: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in WHOLE:
            if (source / name).is_file():
                shutil.copyfile(source / name, folder / name)
        copy_sparse(source / "disk.raw", folder / "disk.raw")
        self.tools, self.folder = tools, folder
        self.facts = msgspec.json.decode((source / "manifest.json").read_bytes(), type=Manifest)
        self.parts = {part.label: part for part in self.facts.partitions}

    @property
    def uki_path(self) -> str:
        return f"{slots.FOLDER}/{self.facts.uki_name}"

    def trust(self, signed: Path) -> None:
        """The machine believes the keys of the image in SIGNED, and nobody else's."""
        for name in ENROLMENT_FILES:
            shutil.copyfile(signed / name, self.folder / name)

    def replace_kernel(self, data: bytes) -> None:
        self._write_file(disk.BOOT, self.uki_path, data)

    def replace_loader(self, data: bytes) -> None:
        for name in (f"EFI/BOOT/{uki.REMOVABLE['x86_64']}", f"EFI/systemd/{uki.LOADER['x86_64']}"):
            self._write_file(disk.ESP, name, data)

    def add_addon(self, data: bytes) -> None:
        """Where systemd's stub looks for additions to this kernel image."""
        self._mtools(disk.BOOT, ("mmd",), f"::/{self.uki_path}.extra.d")
        self._write_file(disk.BOOT, f"{self.uki_path}.extra.d/test.addon.efi", data)

    def damage(self, label: str, offset: int, length: int = 4096) -> None:
        """Overwrite LENGTH bytes at OFFSET of the partition LABEL."""
        with (self.folder / "disk.raw").open("r+b") as file:
            file.seek(self.parts[label].offset + offset)
            file.write(b"\xa5" * length)

    def _write_file(self, label: str, path: str, data: bytes) -> None:
        part = self.folder / "content"
        part.write_bytes(data)
        self._mtools(label, ("mcopy", "-o"), f"{HERE}/content", f"::/{path}")
        part.unlink()

    def _mtools(self, label: str, command: tuple[str, ...], *words: str) -> None:
        place = f"{HERE}/disk.raw@@{self.parts[label].offset}"
        self.tools.run(
            [command[0], "-i", place, *command[1:], *words],
            mounts=[Mount(self.folder, HERE, writable=True)],
            env={"MTOOLS_SKIP_CHECK": "1"},
        )


def flipped(built: Built, section: str) -> bytes:
    """The kernel image with one bit of one byte in the middle of SECTION changed."""
    data = bytearray((built.folder / "uki.efi").read_bytes())
    found = next(one for one in pe.parse(bytes(data)).sections if one.name == section)
    data[found.offset + found.size // 2] ^= 1
    return bytes(data)


def make_addon(tools: Sandbox, folder: Path, words: str) -> bytes:
    """An addon with WORDS for the command line, and for the initrd the note that it adds them."""
    note = with_parents([
        Entry(f"{ADDITIONS}/test", "file", 0o444, "test", content=words.encode())
    ])  # fmt: skip
    (folder / "note").write_bytes(initrd.archive(note))
    tools.run(
        [
            "python3", "/usr/bin/ukify", "build",
            f"--stub=/{uki.EFI_FOLDER}/addonx64.efi.stub", f"--cmdline={words}",
            f"--initrd={HERE}/note", f"--output={HERE}/addon",
        ],
        mounts=[Mount(folder, HERE, writable=True)],
    )  # fmt: skip
    return (folder / "addon").read_bytes()


def copy_sparse(source: Path, target: Path) -> None:
    """Only what is data; holes stay holes."""
    with source.open("rb") as reader, target.open("wb") as writer:
        end = os.fstat(reader.fileno()).st_size
        writer.truncate(end)
        at = 0
        while at < end:
            try:
                at = os.lseek(reader.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but a hole up to the end
                return
            stop = os.lseek(reader.fileno(), at, os.SEEK_HOLE)
            reader.seek(at)
            writer.seek(at)
            shutil.copyfileobj(_Limited(reader.fileno(), at, stop), writer, 1 << 20)
            at = stop


class _Limited:
    """Bytes AT up to STOP of a file, to read once."""

    def __init__(self, descriptor: int, at: int, stop: int) -> None:
        self._descriptor, self._at, self._stop = descriptor, at, stop

    def read(self, length: int) -> bytes:
        data = os.pread(self._descriptor, min(length, self._stop - self._at), self._at)
        self._at += len(data)
        return data
