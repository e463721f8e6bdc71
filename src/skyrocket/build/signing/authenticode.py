"""Signs a program of the firmware (PE/COFF), as Secure Boot wants it.

Source: Microsoft, "Windows Authenticode Portable Executable Signature Format"; UEFI
Specification, "Secure Boot and Driver Signing". Pure: bytes in, bytes out.
"""

from __future__ import annotations

import array
import hashlib
import struct
import sys
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.signing import der, pkcs7
from skyrocket.build.signing.errors import FormatError

if TYPE_CHECKING:
    from skyrocket.models.signing import Signer

_INDIRECT_DATA = "1.3.6.1.4.1.311.2.1.4"
_PE_IMAGE = "1.3.6.1.4.1.311.2.1.15"
_REVISION, _PKCS7 = 0x0200, 0x0002  # of WIN_CERTIFICATE
_CHECKSUM = 64  # offset in the optional header
_PE32_PLUS = 0x20B
_CERTIFICATES = 4  # index in the data directory


class Places(NamedTuple):
    """Offsets in the file of what a signature changes, and the parts that are hashed one by one."""

    checksum: int
    directory: int  # the entry of the certificate table: offset, size
    headers: int  # how many bytes the headers take
    sections: tuple[tuple[int, int], ...]  # offset, size; in the order of the file


def sign(data: bytes, signer: Signer) -> bytes:
    """DATA with SIGNER's signature, in place of any that it had."""
    bare = unsigned(data)
    content = _statement(digest(bare))
    signature = pkcs7.attached(signer, _INDIRECT_DATA, content)
    signature += b"\0" * (-len(signature) % 8)
    table = struct.pack("<IHH", 8 + len(signature), _REVISION, _PKCS7) + signature
    places = find(bare)
    made = bytearray(bare)
    struct.pack_into("<II", made, places.directory, len(bare), len(table))
    made += table
    struct.pack_into("<I", made, places.checksum, _checksum(made, places.checksum))
    return bytes(made)


def unsigned(data: bytes) -> bytes:
    """DATA without a signature, padded as one wants it."""
    places = find(data)
    offset, size = struct.unpack_from("<II", data, places.directory)
    if size and offset + size != len(data):
        raise FormatError("cannot sign the EFI program: something follows its signature")
    bare = bytearray(data[:offset] if size else data)
    bare += b"\0" * (-len(bare) % 8)
    struct.pack_into("<II", bare, places.directory, 0, 0)
    return bytes(bare)


def digest(data: bytes) -> bytes:
    """What is signed: all of DATA but checksum, signature, and where the signature is."""
    places = find(data)
    offset, size = struct.unpack_from("<II", data, places.directory)
    end = offset if size else len(data)
    total = hashlib.sha256()
    view = memoryview(data)
    total.update(view[: places.checksum])
    total.update(view[places.checksum + 4 : places.directory])
    total.update(view[places.directory + 8 : places.headers])
    hashed = places.headers
    for at, length in places.sections:
        total.update(view[at : at + length])
        hashed += length
    total.update(view[hashed:end])
    return total.digest()


def find(data: bytes) -> Places:
    """Where in DATA things are; raises FormatError."""
    try:
        start = struct.unpack_from("<I", data, 0x3C)[0]
        if data[:2] != b"MZ" or data[start : start + 4] != b"PE\0\0":
            raise FormatError("cannot sign the EFI program: it has no PE signature")
        count, size = struct.unpack_from("<2xH12xH", data, start + 4)
        optional = start + 24
        if struct.unpack_from("<H", data, optional)[0] != _PE32_PLUS:
            raise FormatError("cannot sign the EFI program: it is not for a 64-bit machine")
        headers = struct.unpack_from("<I", data, optional + 60)[0]
        table = optional + size
        rows = [struct.unpack_from("<16xII", data, table + 40 * n) for n in range(count)]
    except struct.error as error:
        raise FormatError("cannot sign the EFI program: it is cut short") from error
    parts = sorted((at, length) for length, at in rows if length)
    if any(at + length > len(data) for at, length in parts):
        raise FormatError("cannot sign the EFI program: a section reaches past its end")
    return Places(optional + _CHECKSUM, optional + 112 + 8 * _CERTIFICATES, headers, tuple(parts))


def _statement(value: bytes) -> bytes:
    """SpcIndirectDataContent: this is a PE image, and that is its digest."""
    # The field for a link holds the text that every tool writes there.
    link = der.context(2, der.context(0, "<<<Obsolete>>>".encode("utf-16-be"), constructed=False))
    image = der.sequence(der.bits(b""), der.context(0, link))
    algorithm = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.null())
    return der.sequence(
        der.sequence(der.oid(_PE_IMAGE), image),
        der.sequence(algorithm, der.octets(value)),
    )


def _checksum(data: bytearray, place: int) -> int:
    """The checksum of the PE format: 16-bit words added with carry, and the length."""
    struct.pack_into("<I", data, place, 0)
    words = array.array("H", bytes(data) + b"\0" * (len(data) % 2))
    if sys.byteorder == "big":
        words.byteswap()
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total + len(data)
