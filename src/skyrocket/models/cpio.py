"""Archives that the kernel unpacks as an initramfs: cpio, form "newc". Pure, and starts light.

Source: kernel, driver-api/early-userspace/buffer-format.
"""

from __future__ import annotations

FOLDER, FILE, LINK = 0o040000, 0o100000, 0o120000


def record(path: str, mode: int, data: bytes, number: int) -> bytes:
    """One entry; MODE holds its type, NUMBER is its own among those of the archive."""
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return padded(head) + padded(data)


def end() -> bytes:
    """What closes an archive."""
    return record("TRAILER!!!", 0, b"", 0)


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
