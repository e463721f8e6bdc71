"""The initrd: our one program as /init, the modules it loads, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.image.entries import Entry, with_parents
from skyrocket.models import command_line as words
from skyrocket.models import cpio

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from skyrocket.sandbox import Sandbox

BLOCK = 4096
"""An update looks for blocks of this size in the image that runs."""
PROGRAM = "init"
_TYPES = {"file": cpio.FILE, "folder": cpio.FOLDER, "symlink": cpio.LINK}


def contents(program: Path, modules: Iterable[Entry]) -> list[Entry]:
    """All paths of the initrd, sorted."""
    folders = [Entry(name, "folder", 0o755, "frame") for name in ("dev", "proc", "sys", "run")]
    init = Entry(PROGRAM, "file", 0o755, "skyrocket", content=program)
    return with_parents([*folders, init, *modules])


def expectation(command_line: str, policy: str) -> list[Entry]:
    """What the program compares the kernel's command line with, and what a difference means."""
    files = {words.WORDS: command_line, words.POLICY: policy}
    return with_parents(
        Entry(path, "file", 0o444, "skyrocket", content=f"{text}\n".encode())
        for path, text in files.items()
    )


def parts(entries: Iterable[Entry]) -> list[list[Entry]]:
    """ENTRIES as they are packed: what comes with the kernel, and our program, which changes.

    Packed as one, a changed program would change every byte behind it, and the modules too.
    """
    ordered = list(entries)
    return [
        [entry for entry in ordered if entry.path != PROGRAM],
        [entry for entry in ordered if entry.path == PROGRAM],
    ]


def joined(*archives: bytes) -> bytes:
    """Archives one behind the other, as the kernel unpacks them; each begins at a block.

    The kernel passes over zeros between them.
    """
    return b"".join(archive + bytes(-len(archive) % BLOCK) for archive in archives)


def archive(entries: Iterable[Entry]) -> bytes:
    """The entries as an archive that the kernel unpacks."""
    parts: list[bytes] = []
    for number, entry in enumerate(entries, start=1):
        data = entry.link.encode() if entry.kind == "symlink" else b""
        data = entry.read() if entry.kind == "file" else data
        parts.append(cpio.record(entry.path, _TYPES[entry.kind] | entry.mode, data, number))
    parts.append(cpio.end())
    return b"".join(parts)


def compress(tools: Sandbox, data: bytes) -> bytes:
    """zstd: the kernel unpacks it faster than any other form of its size."""
    return tools.run(["zstd", "-15", "--no-progress", "-T1", "-c"], stdin=data).stdout
