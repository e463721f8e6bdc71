"""Kernel images of a few kilobytes, with the sections that say what they are."""

from __future__ import annotations

import struct

BLOCK = 4096


def image(version: str, root_hash: str, kernel: bytes = b"") -> bytes:
    """An EFI program whose sections name VERSION and the root it boots; KERNEL ends it.

    The last section and KERNEL begin with a block each.
    """
    release = f'ID="skyrocket"\nIMAGE_VERSION="{version}"\nVARIANT_ID="vm-dev"\n'
    text = f"kernel of {version} ".encode() * 2000
    parts = {
        ".osrel": release.encode(),
        ".cmdline": f"roothash={root_hash} quiet\n\0".encode(),
        ".linux": text.ljust(-(-len(text) // BLOCK) * BLOCK, b"\0") + kernel,
    }
    table, body = b"", b""
    for name, content in parts.items():
        at = BLOCK + len(body)
        table += struct.pack(
            "<8sIIIIIIHHI", name.encode(), len(content), at, len(content), at, 0, 0, 0, 0, 0
        )
        body += content
        body = body.ljust(-(-len(body) // BLOCK) * BLOCK, b"\0")
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(parts), 0, 0, 0, 0, 0)
    return (head + table).ljust(BLOCK, b"\0") + body
