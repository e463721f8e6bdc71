"""Recognise the NoCloud disc by the volume label inside its file system. Pure.

Reading labels ourselves needs no udev, whose links may not be there yet.
"""

WANTED = b"CIDATA"
SUPERBLOCK = 34 * 1024  # bytes from the start of a disc that hold every label known here
_SECTOR = 512
_ISO = 32768


def file_system(start: bytes) -> str | None:
    """Which file system of a NoCloud disc begins with START: `iso9660`, `vfat` or none."""
    if _is_wanted(_iso_label(start)):
        return "iso9660"
    if _is_wanted(_fat_label(start)):
        return "vfat"
    return None


def _is_wanted(label: bytes) -> bool:
    return label.strip(b" \0").upper() == WANTED


def _iso_label(start: bytes) -> bytes:
    """Volume identifier of the primary volume descriptor (ECMA-119, 8.4)."""
    descriptor = start[_ISO : _ISO + 72]
    return descriptor[40:72] if descriptor[:6] == b"\x01CD001" else b""


def _fat_label(start: bytes) -> bytes:
    """Volume label of the boot sector: FAT32 has it at 71, FAT12 and FAT16 at 43."""
    if start[_SECTOR - 2 : _SECTOR] != b"\x55\xaa":
        return b""
    if start[82:87] == b"FAT32":
        return start[71:82]
    return start[43:54] if start[54:57] == b"FAT" else b""
