"""The image in the form that other hypervisors import, made when somebody asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

QCOW2 = "disk.qcow2"


def qcow2(tools: Sandbox, folder: Path) -> Path:
    """FOLDER/disk.qcow2 from FOLDER/disk.raw; one that is there is of this very image."""
    target = folder / QCOW2
    if target.is_file():
        return target
    work = folder / "qcow2.part"
    work.mkdir(exist_ok=True)
    try:
        tools.run(
            ["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", "-c", "-m", "1",
             "/in/disk.raw", f"/out/{QCOW2}"],
            mounts=[Mount(folder, "/in"), Mount(work, "/out", writable=True)],
        )  # fmt: skip
        os.replace(work / QCOW2, target)  # noqa: PTH105 - over what an interrupted run left
    finally:
        for left in work.iterdir():
            left.unlink()
        work.rmdir()
    return target
