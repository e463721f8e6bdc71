"""A small disk image made by hand: table, boot partition, one filled slot."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

from build.audit.test_boot import unified

from skyrocket.models import disk, gpt
from skyrocket.models.slots import name_for

if TYPE_CHECKING:
    from pathlib import Path

SALT = b"salt" * 8
ROOT_BLOCKS = 300


def verity(data: bytes, salt: bytes = SALT) -> tuple[str, bytes]:
    """(root hash, superblock and tree) of DATA, as veritysetup writes them."""
    levels, below = [], data
    while True:
        hashes = b"".join(
            hashlib.sha256(salt + below[at : at + 4096]).digest()
            for at in range(0, len(below), 4096)
        )
        below = hashes + bytes(-len(hashes) % 4096)
        levels.append(below)
        if len(below) == 4096:
            break
    head = b"verity\0\0" + struct.pack("<II", 1, 1) + bytes(16) + b"sha256".ljust(32, b"\0")
    head += struct.pack("<IIQH6x", 4096, 4096, len(data) // 4096, len(salt)) + salt
    root = hashlib.sha256(salt + below).hexdigest()
    return root, head.ljust(4096, b"\0") + b"".join(reversed(levels))


def fat(size: int, files: dict[str, bytes]) -> bytes:
    """A FAT32 file system with FILES in EFI/Linux, under long names; clusters of one sector."""
    clusters: list[bytes] = []
    chains: list[tuple[int, int]] = []

    def store(data: bytes) -> int:
        first = len(clusters) + 2
        pieces = [data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512)]
        clusters.extend(pieces or [bytes(512)])
        chains.append((first, len(clusters) + 2))
        return first

    def short(name: bytes, kind: int, first: int, length: int) -> bytes:
        return struct.pack("<11sB8xH4xHI", name, kind, first >> 16, first & 0xFFFF, length)

    rows = b""
    for number, (name, data) in enumerate(files.items()):
        text = name.encode("utf-16-le") + b"\0\0"
        text += b"\xff" * (-len(text) % 26)
        parts = [text[at : at + 26] for at in range(0, len(text), 26)]
        for index in range(len(parts), 0, -1):
            part = parts[index - 1]
            last = 0x40 if index == len(parts) else 0
            rows += bytes([index | last]) + part[:10] + b"\x0f\0\0"
            rows += part[10:22] + b"\0\0" + part[22:]
        rows += short(b"FILE%04dEFI" % number, 0x20, store(data), len(data))
    linux = store(rows)
    efi = store(short(b"LINUX      ", 0x10, linux, 0))
    root = store(short(b"BOOT       ", 0x08, 0, 0) + short(b"EFI        ", 0x10, efi, 0))
    table = [0] * (len(clusters) + 2)
    for first, end in chains:
        table[first:end] = [*range(first + 1, end), 0x0FFFFFFF]
    packed = struct.pack(f"<{len(table)}I", *table)
    packed += bytes(-len(packed) % 512)
    head = bytearray(512)
    struct.pack_into("<HBHB", head, 11, 512, 1, 1, 1)
    struct.pack_into("<I", head, 36, len(packed) // 512)
    struct.pack_into("<I", head, 44, root)
    head[510:] = b"\x55\xaa"
    return (bytes(head) + packed + b"".join(clusters)).ljust(size, b"\0")


def root() -> bytes:
    data = b"".join(hashlib.sha256(b"%d" % n).digest() * 128 for n in range(ROOT_BLOCKS))
    return data[:1024] + b"\xe2\xe1\xf5\xe0" + data[1028:]


def make(path: Path) -> str:
    """Write a whole image to PATH; gives the root hash of its first slot."""
    mib = disk.MIB
    sizes = disk.Sizes(2 * mib, hash_tree=mib, esp=mib, boot=2 * mib, private=mib)
    plan = disk.layout(sizes, "amd64")
    data = root()
    root_hash, tree = verity(data)
    release = b'ID=skyrocket\nVERSION_ID="1.2.3"\n'
    line = f"quiet roothash={root_hash}".encode()
    kernel = unified(linux=b"K" * 3000, cmdline=line, osrel=release, uname=b"6.12")
    ids = {part.label: f"{n:08x}-0000-4000-8000-000000000000" for n, part in enumerate(plan.parts)}
    ids["root-a"], ids["hash-a"] = disk.root_ids(root_hash)
    table = plan.table("11111111-0000-4000-8000-000000000000", ids)
    with path.open("wb") as file:
        file.truncate(plan.image_bytes)
        for label, content in {
            disk.BOOT: fat(2 * mib, {name_for(root_hash): kernel}),
            "root-a": data,
            "hash-a": tree,
        }.items():
            file.seek(plan.part(label).offset)
            file.write(content)
        file.seek(0)
        file.write(gpt.protective_mbr(table))
        for batch in gpt.writes(table):
            for offset, part in batch:
                file.seek(offset)
                file.write(part)
    return root_hash
