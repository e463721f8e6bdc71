"""Kernel images of a few kilobytes, with the sections that say what they are."""

from __future__ import annotations

import struct

HEAD = 4096


def image(version: str, root_hash: str, kernel: bytes = b"") -> bytes:
    """An EFI program whose sections name VERSION and the root it boots; KERNEL is part of it."""
    release = f'ID="skyrocket"\nIMAGE_VERSION="{version}"\nVARIANT_ID="vm-dev"\n'
    parts = {
        ".osrel": release.encode(),
        ".cmdline": f"roothash={root_hash} quiet\n\0".encode(),
        ".linux": kernel + f"kernel of {version} ".encode() * 2000,
    }
    table, body, at = b"", b"", HEAD
    for name, content in parts.items():
        table += struct.pack(
            "<8sIIIIIIHHI", name.encode(), len(content), at, len(content), at, 0, 0, 0, 0, 0
        )
        body += content
        at += len(content)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(parts), 0, 0, 0, 0, 0)
    return (head + table).ljust(HEAD, b"\0") + body
