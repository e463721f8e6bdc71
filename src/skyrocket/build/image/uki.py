"""The unified kernel image: kernel, initrd, command line and release in one EFI program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.image import pe
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

STUB = {"x86_64": "linuxx64.efi.stub", "aarch64": "linuxaa64.efi.stub"}
LOADER = {"x86_64": "systemd-bootx64.efi", "aarch64": "systemd-bootaa64.efi"}
REMOVABLE = {"x86_64": "BOOTX64.EFI", "aarch64": "BOOTAA64.EFI"}
EFI_FOLDER = "usr/lib/systemd/boot/efi"


def make(tools: Sandbox, folder: Path, architecture: str, release: str) -> None:
    """Write FOLDER/uki.efi from FOLDER's kernel, initrd, cmdline and os-release."""
    file = folder / "uki.efi"
    tools.run(
        [
            "python3", "/usr/bin/ukify", "build", f"--stub=/{EFI_FOLDER}/{STUB[architecture]}",
            "--linux=/out/kernel", "--initrd=/out/initrd", "--cmdline=@/out/cmdline",
            "--os-release=@/out/os-release", f"--uname={release}", "--output=/out/uki.efi",
        ],
        mounts=[Mount(folder, "/out", writable=True)],
    )  # fmt: skip
    file.write_bytes(pe.aligned(file.read_bytes()))
