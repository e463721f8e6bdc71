"""Text that the kernel or a small file holds, and nothing when there is none to be had."""

from __future__ import annotations

import os


def text_in(path: str) -> str:
    """The text at PATH without blanks around it, empty when it cannot be read.

    For what is legitimately absent: attributes of sysfs, records of a boot that never was.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        parts = []
        while part := os.read(fd, 1 << 20):
            parts.append(part)
        return b"".join(parts).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    finally:
        os.close(fd)


def number_in(path: str) -> int:
    """The number at PATH, 0 when there is none."""
    text = text_in(path)
    return int(text) if text.isdecimal() else 0
