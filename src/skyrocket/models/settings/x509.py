"""Is this PEM text a certificate? The outer form of X.509 (RFC 5280, 4.1) is looked at, no more.

Signatures, names and dates are the business of whoever uses the certificate. Pure; the node has
no library for this.
"""

import binascii
import re

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_INTEGER, _BITS, _SEQUENCE, _VERSION = 0x02, 0x03, 0x30, 0xA0


class _DerError(ValueError):
    """Not the expected element; the message says what is wrong."""


def certificates(pem: bytes) -> str:
    """The certificates in PEM, each a block of lines, and nothing else that it holds."""
    text = pem.decode("ascii", "replace")
    bodies = re.findall(f"{_BEGIN}(.*?){_END}", text, re.DOTALL)
    return "".join("\n".join([_BEGIN, *body.split(), _END, ""]) for body in bodies)


def refuse(pem: bytes) -> str | None:
    """Why PEM holds no certificate, or one that is none; None when all of them are good."""
    text = pem.decode("ascii", "replace")
    bodies = re.findall(f"{_BEGIN}(.*?){_END}", text, re.DOTALL)
    if len(bodies) != text.count(_BEGIN):
        return "a certificate in it is cut off"
    if not bodies:
        return "it holds no certificate in PEM"
    for number, body in enumerate(bodies, 1):
        try:
            _certificate(binascii.a2b_base64("".join(body.split()), strict_mode=True))
        except (ValueError, IndexError) as error:
            return f"certificate {number} in it is malformed: {error}"
    return None


def _certificate(der: bytes) -> None:
    """Raise when DER is no Certificate: to-be-signed, algorithm, signature."""
    (outer,) = _elements(der, (_SEQUENCE,))
    signed, _, _ = _elements(outer, (_SEQUENCE, _SEQUENCE, _BITS))
    start = (_VERSION,) if signed[:1] == bytes([_VERSION]) else ()
    wanted = (*start, _INTEGER, *[_SEQUENCE] * 5)  # serial, algorithm, names, dates, key
    _elements(signed, wanted, more=True)


def _elements(der: bytes, tags: tuple[int, ...], *, more: bool = False) -> list[bytes]:
    """The contents of the elements of DER, which must have TAGS in this order."""
    found = []
    for tag in tags:
        if der[:1] != bytes([tag]):
            raise _DerError(f"tag {der[:1].hex() or 'missing'} where {tag:02x} must be")
        content, der = _split(der)
        found.append(content)
    if der and not more:
        raise _DerError("bytes follow its end")
    return found


def _split(der: bytes) -> tuple[bytes, bytes]:
    """The content of the first element of DER, and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start], "big")
    if start + length > len(der):
        raise _DerError("it is cut off")
    return der[start : start + length], der[start + length :]
