"""Writes DER, as much of it as a signature needs (ITU-T X.690).

Knows lengths, tags and the order of a set; not what any of it means.
"""

from __future__ import annotations

_INTEGER, _BIT_STRING, _OCTET_STRING, _NULL, _OID = 0x02, 0x03, 0x04, 0x05, 0x06
_SEQUENCE, _SET = 0x30, 0x31


def tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    return tagged(_SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """A set in the one order that DER allows."""
    return tagged(_SET, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    """VALUE, which must not be negative."""
    return tagged(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(data: bytes) -> bytes:
    return tagged(_OCTET_STRING, data)


def bits(data: bytes) -> bytes:
    """A bit string of whole bytes."""
    return tagged(_BIT_STRING, b"\0" + data)


def null() -> bytes:
    return tagged(_NULL, b"")


def context(number: int, content: bytes, *, constructed: bool = True) -> bytes:
    """The tag [NUMBER] around CONTENT."""
    return tagged((0xA0 if constructed else 0x80) | number, content)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    return tagged(_OID, b"".join(_base128(number) for number in (40 * first + second, *rest)))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))


def content(data: bytes) -> bytes:
    """What is inside the outermost tag of DATA."""
    if data[1] < 0x80:
        return data[2:]
    return data[2 + (data[1] & 0x7F) :]
