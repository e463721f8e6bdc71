"""Signatures: what a widely used library signs is accepted, whatever is a bit off is refused."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from skyrocket.host.update import signatures
from skyrocket.host.update.signatures import BadSignatureError

DATA = b"what was signed"
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
CURVES = {
    "ecdsa-sha2-nistp256": (ec.SECP256R1(), "sha256", signatures.P256),
    "ecdsa-sha2-nistp384": (ec.SECP384R1(), "sha384", signatures.P384),
}
RSA = rsa.generate_private_key(65537, 2048)
UNEVEN = rsa.generate_private_key(65537, 2049)
ED = ed25519.Ed25519PrivateKey.generate()


def pem(key: object) -> str:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def raw(key: ed25519.Ed25519PrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def accepts(scheme: str, key: str, signature: bytes, data: bytes = DATA) -> bool:
    try:
        signatures.check(scheme, key, signature, data)
    except BadSignatureError:
        return False
    return True


def test_ed25519_signatures_of_the_library_are_accepted() -> None:
    for count in range(8):
        key = ed25519.Ed25519PrivateKey.generate()
        data = bytes(count)
        assert accepts("ed25519", raw(key), key.sign(data), data)


def test_the_vectors_of_rfc_8032_are_accepted() -> None:
    """Section 7.1, tests 1 and 2."""
    vectors = [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         ("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
         "f9b46bd25bf5f0595bbe24655141438e7a100b")),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
         "f11d8c387b2eaeb4302aeeb00d291612bb0c00")),
    ]  # fmt: skip
    for key, data, signature in vectors:
        assert accepts("ed25519", key, bytes.fromhex(signature), bytes.fromhex(data))


def test_no_bit_of_an_ed25519_signature_can_be_turned() -> None:
    good = ED.sign(DATA)
    turned = [
        good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]
        for at in range(0, 64, 3)
        for bit in (0, 7)
    ]
    assert [each for each in turned if accepts("ed25519", raw(ED), each)] == []


def test_a_scalar_that_is_not_reduced_is_refused() -> None:
    good = ED.sign(DATA)
    more = int.from_bytes(good[32:], "little") + signatures._L
    assert not accepts("ed25519", raw(ED), good[:32] + more.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "key",
    [
        "01" + "00" * 31,  # the neutral element signs everything
        "00" * 32,  # order 4
        "ec" + "ff" * 30 + "7f",  # order 2
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  # order 8
        "ee" + "ff" * 30 + "7f",  # the neutral element, not reduced
        "01" + "00" * 30 + "80",  # x = 0 with a sign
        "02" + "00" * 31,  # no point
    ],
)
def test_keys_under_which_anybody_could_sign_are_refused(key: str) -> None:
    """With the neutral element as key and commitment, a scalar of 0 fits any data."""
    assert not accepts("ed25519", key, bytes.fromhex("01" + "00" * 63))


@pytest.mark.parametrize("scheme", CURVES)
def test_ecdsa_signatures_of_the_library_are_accepted(scheme: str) -> None:
    curve, name, _ = CURVES[scheme]
    for count in range(4):
        key = ec.generate_private_key(curve)
        signature = key.sign(bytes(count), ec.ECDSA(HASHES[name]))
        assert accepts(scheme, pem(key.public_key()), signature, bytes(count))
        assert not accepts(scheme, pem(key.public_key()), signature, bytes(count + 1))


@pytest.mark.parametrize("scheme", CURVES)
def test_ecdsa_refuses_numbers_out_of_range_and_other_encodings(scheme: str) -> None:
    curve, name, ours = CURVES[scheme]
    key = ec.generate_private_key(curve)
    good = key.sign(DATA, ec.ECDSA(HASHES[name]))
    r, s = decode_dss_signature(good)
    public = pem(key.public_key())
    assert accepts(scheme, public, encode_dss_signature(r, ours.n - s))  # as everywhere
    wrong = [
        encode_dss_signature(0, s), encode_dss_signature(r, 0), encode_dss_signature(0, 0),
        encode_dss_signature(r + ours.n, s), encode_dss_signature(r, s + ours.n),
        encode_dss_signature(r, s + 1), encode_dss_signature(s, r), encode_dss_signature(1, 1),
        good + b"\0", good[:-1], good[:1] + b"\x81" + good[1:], b"", b"0", b"\x30\x80" + good[2:],
        padded(r, s),
    ]  # fmt: skip
    assert [each.hex() for each in wrong if accepts(scheme, public, each)] == []


def padded(r: int, s: int) -> bytes:
    """A zero byte too many before the first number."""
    first = b"\0\0" + r.to_bytes(48 if r >> 256 else 32, "big").lstrip(b"\0")
    second = b"\0" + s.to_bytes(48 if s >> 256 else 32, "big").lstrip(b"\0")
    body = b"".join(bytes([2, len(each)]) + each for each in (first, second))
    return bytes([0x30, len(body)]) + body


def test_a_key_of_another_curve_or_off_the_curve_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    signature = key.sign(DATA, ec.ECDSA(hashes.SHA256()))
    assert not accepts("ecdsa-sha2-nistp256", pem(key.public_key()), signature)
    good = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = signatures.pem(pem(good))
    with pytest.raises(ValueError, match="no point of the curve"):
        signatures.ec_point(signatures.P256, der[:-1] + bytes([der[-1] ^ 1]))


@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("key", [RSA, UNEVEN], ids=["2048", "2049"])
def test_rsa_signatures_of_the_library_are_accepted(name: str, key: rsa.RSAPrivateKey) -> None:
    """2049 bits: the message of PSS is a byte shorter than the modulus."""
    public = pem(key.public_key())
    for salt in (padding.PSS.DIGEST_LENGTH, 0, padding.PSS.MAX_LENGTH):
        pad = padding.PSS(padding.MGF1(HASHES[name]), salt)
        assert accepts(f"rsassa-pss-{name}", public, key.sign(DATA, pad, HASHES[name]))
    plain = key.sign(DATA, padding.PKCS1v15(), HASHES[name])
    assert accepts(f"rsa-pkcs1v15-{name}", public, plain)
    assert not accepts(f"rsassa-pss-{name}", public, plain)
    assert not accepts(f"rsa-pkcs1v15-{name}", public, plain, DATA + b"!")


def test_paddings_that_only_begin_well_are_refused() -> None:
    """Every byte of the padding is compared: forgeries for small exponents live in the rest."""
    numbers = RSA.private_numbers()
    modulus, secret = numbers.public_numbers.n, numbers.d
    good = pow(
        int.from_bytes(RSA.sign(DATA, padding.PKCS1v15(), HASHES["sha256"]), "big"), 65537, modulus
    )
    block = good.to_bytes(256, "big")
    tail = block[block.index(b"\0", 2) :]
    forged = [
        block[:2] + b"\xff" * 8 + tail + bytes(256 - 10 - len(tail)),
        block[:100] + b"\xfe" + block[101:],
        b"\0\x02" + block[2:],
        block[:-1] + bytes([block[-1] ^ 1]),
    ]
    public = pem(RSA.public_key())
    signed = [
        pow(int.from_bytes(each, "big"), secret, modulus).to_bytes(256, "big") for each in forged
    ]
    assert accepts("rsa-pkcs1v15-sha256", public, pow(good, secret, modulus).to_bytes(256, "big"))
    assert [each for each in signed if accepts("rsa-pkcs1v15-sha256", public, each)] == []


def test_pss_refuses_a_wrong_trailer_mask_or_salt() -> None:
    numbers = RSA.private_numbers()
    modulus, secret = numbers.public_numbers.n, numbers.d
    pad = padding.PSS(padding.MGF1(HASHES["sha256"]), padding.PSS.DIGEST_LENGTH)
    good = pow(int.from_bytes(RSA.sign(DATA, pad, HASHES["sha256"]), "big"), 65537, modulus)
    public = pem(RSA.public_key())

    def sealed(block: int) -> bytes:
        return pow(block, secret, modulus).to_bytes(256, "big")

    assert accepts("rsassa-pss-sha256", public, sealed(good))
    for bit in (0, 1, 9, 300, 1000, 2000, 2040):
        assert not accepts("rsassa-pss-sha256", public, sealed(good ^ 1 << bit)), bit
    # The encoded message is a bit shorter than the modulus; salts are drawn until that bit fits.
    while (high := good | 1 << 2047) >= modulus:
        fresh = RSA.sign(DATA, pad, HASHES["sha256"])
        good = pow(int.from_bytes(fresh, "big"), 65537, modulus)
    assert accepts("rsassa-pss-sha256", public, sealed(good))
    assert not accepts("rsassa-pss-sha256", public, sealed(high))


def test_weak_and_strange_rsa_keys_are_refused() -> None:
    small = rsa.generate_private_key(65537, 1024)
    signature = small.sign(DATA, padding.PKCS1v15(), HASHES["sha256"])
    assert not accepts("rsa-pkcs1v15-sha256", pem(small.public_key()), signature)
    assert not accepts("rsa-pkcs1v15-sha256", "no key", signature)
    assert not accepts("rsa-pkcs1v15-md5", pem(RSA.public_key()), signature)


def test_the_library_agrees_on_random_bytes() -> None:
    """A check of the checks: the same garbage is refused on both sides."""
    for seed in range(20):
        garbage = bytes((seed * 37 + at * 101) % 256 for at in range(64))
        with pytest.raises(InvalidSignature):
            ED.public_key().verify(garbage, DATA)
        assert not accepts("ed25519", raw(ED), garbage)
