"""Check signatures: Ed25519, ECDSA (P-256, P-384), RSA-PSS and PKCS #1 v1.5. Pure, no secrets.

Nothing here can sign, and nothing it handles is secret, so time may depend on what it reads. It is
strict where libraries are lenient: one encoding for each number, each point and each key.

Sources: RFC 8032 (5.1.7), FIPS 186-5 (6.4.2), RFC 8017 (8.1.2, 8.2.2), RFC 5280 and 5480 for keys.
Deliberately unknown here: what is signed, and which keys are trusted.
"""

from __future__ import annotations

import hashlib
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import NamedTuple

# Least and most bits of an RSA modulus.
_RSA_BITS = (2048, 8192)
_RSA_OID = bytes.fromhex("2a864886f70d010101")
_EC_OID = bytes.fromhex("2a8648ce3d0201")
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


class BadSignatureError(Exception):
    """The signature is not that of the key over the data, or either is malformed."""


class Curve(NamedTuple):
    """y² = x³ - 3x + b over the prime p; the base point (x, y) has order n."""

    oid: bytes
    p: int
    b: int
    n: int
    x: int
    y: int


P256 = Curve(
    bytes.fromhex("2a8648ce3d030107"),
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
P384 = Curve(
    bytes.fromhex("2b81040022"),
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)
_ECDSA = {"ecdsa-sha2-nistp256": (P256, "sha256"), "ecdsa-sha2-nistp384": (P384, "sha384")}

SCHEMES = frozenset(
    {"ed25519", *_ECDSA}
    | {f"{pad}-{name}" for pad in ("rsassa-pss", "rsa-pkcs1v15") for name in _DIGEST_INFO}
)


def check(scheme: str, key: str, signature: bytes, data: bytes) -> None:
    """Raise BadSignatureError unless SIGNATURE over DATA is that of KEY (hex, or PEM)."""
    if scheme not in SCHEMES:
        raise BadSignatureError(f"unknown scheme {scheme}")
    try:
        good = _verified(scheme, key, signature, data)
    except (ValueError, IndexError, OverflowError) as error:
        raise BadSignatureError(f"malformed: {error}") from error
    if not good:
        raise BadSignatureError("it is not the key's")


def _verified(scheme: str, key: str, signature: bytes, data: bytes) -> bool:
    if scheme == "ed25519":
        return ed25519(bytes.fromhex(key), signature, data)
    if scheme in _ECDSA:
        curve, name = _ECDSA[scheme]
        return ecdsa(curve, ec_point(curve, pem(key)), signature, hashlib.new(name, data).digest())
    padding, _, name = scheme.rpartition("-")
    modulus, exponent = rsa_key(pem(key))
    digest = hashlib.new(name, data).digest()
    verify = pss if padding == "rsassa-pss" else pkcs1
    return verify(modulus, exponent, signature, digest, name)


# Ed25519: -x² + y² = 1 + dx²y² over 2²⁵⁵ - 19, points as (X, Y, Z, T) with T = XY/Z.

_Q = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _Q) % _Q
_ROOT = pow(2, (_Q - 1) // 4, _Q)
Extended = tuple[int, int, int, int]
_NEUTRAL: Extended = (0, 1, 1, 0)


def ed25519(key: bytes, signature: bytes, data: bytes) -> bool:
    if len(key) != 32 or len(signature) != 64:
        raise ValueError("wrong length")
    public, commitment = _ed_point(key), _ed_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= _L:
        raise ValueError("the scalar is not reduced")
    if _ed_same(_ed_times(8, public), _NEUTRAL):
        raise ValueError("the key is of small order")
    hashed = hashlib.sha512(signature[:32] + key + data).digest()
    challenge = int.from_bytes(hashed, "little") % _L
    base = _ed_point((4 * pow(5, -1, _Q) % _Q).to_bytes(32, "little"))
    return _ed_same(_ed_times(scalar, base), _ed_add(commitment, _ed_times(challenge, public)))


def _ed_point(raw: bytes) -> Extended:
    """The point that RAW stands for; ValueError when it is none, or another encoding of one."""
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    if y >= _Q:
        raise ValueError("a coordinate is not reduced")
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _Q) % _Q
    x = pow(square, (_Q + 3) // 8, _Q)
    x = x if x * x % _Q == square else x * _ROOT % _Q
    odd = raw[31] >> 7
    if x * x % _Q != square or (x == 0 and odd):
        raise ValueError("it is no point of the curve")
    x = _Q - x if x & 1 != odd else x
    return (x, y, 1, x * y % _Q)


def _ed_add(left: Extended, right: Extended) -> Extended:
    (x1, y1, z1, t1), (x2, y2, z2, t2) = left, right
    a, b = (y1 - x1) * (y2 - x2) % _Q, (y1 + x1) * (y2 + x2) % _Q
    c, d = 2 * t1 * t2 * _D % _Q, 2 * z1 * z2 % _Q
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _Q, g * h % _Q, f * g % _Q, e * h % _Q)


def _ed_times(scalar: int, point: Extended) -> Extended:
    total = _NEUTRAL
    for bit in f"{scalar:b}":
        total = _ed_add(total, total)
        if bit == "1":
            total = _ed_add(total, point)
    return total


def _ed_same(left: Extended, right: Extended) -> bool:
    (x1, y1, z1, _), (x2, y2, z2, _) = left, right
    return (x1 * z2 - x2 * z1) % _Q == 0 and (y1 * z2 - y2 * z1) % _Q == 0


# ECDSA: points as (X, Y, Z) with x = X/Z², y = Y/Z³; Z = 0 at infinity.

Jacobian = tuple[int, int, int]
_INFINITY: Jacobian = (1, 1, 0)


def ecdsa(curve: Curve, public: tuple[int, int], signature: bytes, digest: bytes) -> bool:
    r, s = _signature(signature)
    if not (0 < r < curve.n and 0 < s < curve.n):
        raise ValueError("a number of the signature is out of range")
    inverse = pow(s, -1, curve.n)
    hashed = int.from_bytes(digest, "big")  # as long as the order, for both curves
    ours = _ec_times(curve, hashed * inverse % curve.n, (curve.x, curve.y, 1))
    theirs = _ec_times(curve, r * inverse % curve.n, (*public, 1))
    x, _, z = _ec_add(curve, ours, theirs)
    return z != 0 and x * pow(z * z, -1, curve.p) % curve.p % curve.n == r


def _ec_double(curve: Curve, point: Jacobian) -> Jacobian:
    x, y, z = point
    p = curve.p
    a, b = z * z % p, y * y % p
    c = x * b % p
    slope = 3 * (x - a) * (x + a) % p
    new = (slope * slope - 8 * c) % p
    return (new, (slope * (4 * c - new) - 8 * b * b) % p, 2 * y * z % p)


def _ec_add(curve: Curve, left: Jacobian, right: Jacobian) -> Jacobian:
    if not left[2] or not right[2]:
        return right if not left[2] else left
    (x1, y1, z1), (x2, y2, z2) = left, right
    p = curve.p
    u1, u2 = x1 * z2 * z2 % p, x2 * z1 * z1 % p
    s1, s2 = y1 * z2 * z2 * z2 % p, y2 * z1 * z1 * z1 % p
    if u1 == u2:
        return _ec_double(curve, left) if s1 == s2 else _INFINITY
    h, r = u2 - u1, s2 - s1
    h2, h3 = h * h % p, h * h * h % p
    x = (r * r - h3 - 2 * u1 * h2) % p
    return (x, (r * (u1 * h2 - x) - s1 * h3) % p, h * z1 * z2 % p)


def _ec_times(curve: Curve, scalar: int, point: Jacobian) -> Jacobian:
    total = _INFINITY
    for bit in f"{scalar:b}":
        total = _ec_double(curve, total)
        if bit == "1":
            total = _ec_add(curve, total, point)
    return total


# RSA


def pss(modulus: int, exponent: int, signature: bytes, digest: bytes, name: str) -> bool:
    """RSASSA-PSS with MGF1 over the same hash, and a salt of any length."""
    bits = modulus.bit_length() - 1
    message = _opened(modulus, exponent, signature).to_bytes((bits + 7) // 8, "big")
    masked, rest = message[: -len(digest) - 1], message[-len(digest) - 1 :]
    if rest[-1] != 0xBC:
        return False
    mask = _mgf1(rest[:-1], len(masked), name)
    spare = 8 * len(message) - bits
    if spare and masked[0] >> (8 - spare):
        return False
    block = int.from_bytes(masked, "big") ^ int.from_bytes(mask, "big")
    plain = (block & (1 << 8 * len(masked) - spare) - 1).to_bytes(len(masked), "big")
    padding, one, salt = plain.partition(b"\x01")
    if not one or any(padding):
        return False
    return hashlib.new(name, bytes(8) + digest + salt).digest() == rest[:-1]


def pkcs1(modulus: int, exponent: int, signature: bytes, digest: bytes, name: str) -> bool:
    """RSASSA-PKCS1-v1_5, by making the one padding there is and comparing all of it."""
    size = (modulus.bit_length() + 7) // 8
    tail = _DIGEST_INFO[name] + digest
    wanted = b"\0\x01" + b"\xff" * (size - len(tail) - 3) + b"\0" + tail
    return _opened(modulus, exponent, signature).to_bytes(size, "big") == wanted


def _opened(modulus: int, exponent: int, signature: bytes) -> int:
    value = int.from_bytes(signature, "big")
    if len(signature) != (modulus.bit_length() + 7) // 8 or value >= modulus:
        raise ValueError("the signature does not fit the key")
    return pow(value, exponent, modulus)


def _mgf1(seed: bytes, size: int, name: str) -> bytes:
    made = b""
    count = 0
    while len(made) < size:
        made += hashlib.new(name, seed + count.to_bytes(4, "big")).digest()
        count += 1
    return made[:size]


# Keys and signatures as DER


def pem(text: str) -> bytes:
    """The bytes of a `PUBLIC KEY` block."""
    lines = text.strip().splitlines()
    if not lines or (lines[0], lines[-1]) != (
        "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    ):  # fmt: skip
        raise ValueError("it is no PEM of a public key")
    try:
        return a2b_base64("".join(lines[1:-1]), strict_mode=True)
    except Base64Error as error:
        raise ValueError(str(error)) from error


def rsa_key(der: bytes) -> tuple[int, int]:
    """Modulus and exponent of a SubjectPublicKeyInfo."""
    oid, parameters, raw = _key_info(der)
    if oid != _RSA_OID or parameters != b"\x05\x00":
        raise ValueError("it is no RSA key")
    body = _only(raw, 0x30)
    modulus, rest = _integer(body)
    exponent, rest = _integer(rest)
    low, high = _RSA_BITS
    if rest or not low <= modulus.bit_length() <= high or not modulus & 1:
        raise ValueError("the modulus is no usable one")
    if not (exponent & 1 and 3 <= exponent < 1 << 33):
        raise ValueError("the exponent is no usable one")
    return modulus, exponent


def ec_point(curve: Curve, der: bytes) -> tuple[int, int]:
    """The point of a SubjectPublicKeyInfo on CURVE, uncompressed."""
    oid, parameters, raw = _key_info(der)
    if oid != _EC_OID or _only(parameters, 0x06) != curve.oid:
        raise ValueError("it is no key of this curve")
    size = (curve.p.bit_length() + 7) // 8
    if len(raw) != 2 * size + 1 or raw[0] != 4:
        raise ValueError("its point is compressed or cut")
    x, y = int.from_bytes(raw[1 : size + 1], "big"), int.from_bytes(raw[size + 1 :], "big")
    if not (x < curve.p and y < curve.p) or (y * y - x * x * x + 3 * x - curve.b) % curve.p:
        raise ValueError("it is no point of the curve")
    return x, y


def _key_info(der: bytes) -> tuple[bytes, bytes, bytes]:
    """Algorithm, its parameters (as DER) and the key's bytes."""
    algorithm, rest = _element(_only(der, 0x30), 0x30)
    oid, parameters = _element(algorithm, 0x06)
    bits = _only(rest, 0x03)
    if bits[0] != 0:
        raise ValueError("the key is no whole number of bytes")
    return oid, parameters, bits[1:]


def _signature(raw: bytes) -> tuple[int, int]:
    r, rest = _integer(_only(raw, 0x30))
    s, rest = _integer(rest)
    if rest:
        raise ValueError("something follows the signature's numbers")
    return r, s


def _integer(raw: bytes) -> tuple[int, bytes]:
    body, rest = _element(raw, 0x02)
    if not body or body[0] & 0x80 or (len(body) > 1 and body[0] == 0 and not body[1] & 0x80):
        raise ValueError("a number is negative or not in its shortest form")
    return int.from_bytes(body, "big"), rest


def _only(raw: bytes, tag: int) -> bytes:
    body, rest = _element(raw, tag)
    if rest:
        raise ValueError("something follows")
    return body


def _element(raw: bytes, tag: int) -> tuple[bytes, bytes]:
    """Content of the DER element with TAG at the start of RAW, and what follows it."""
    if raw[0] != tag:
        raise ValueError(f"expected element {tag:#x}")
    size, start = raw[1], 2
    if size & 0x80:
        count = size & 0x7F
        start = 2 + count
        size = int.from_bytes(raw[2:start], "big")
        if not 1 <= count <= 4 or size < 0x80 or size >> 8 * (count - 1) == 0:
            raise ValueError("a length is not in its shortest form")
    if len(raw) < start + size:
        raise ValueError("it is cut")
    return raw[start : start + size], raw[start + size :]
