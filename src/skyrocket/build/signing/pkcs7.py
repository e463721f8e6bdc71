"""A signature as firmware reads it: PKCS #7 SignedData with one signer (RFC 2315, RFC 5652).

No signing time goes in, and RSA with PKCS #1 v1.5 padding has no randomness: the same content and
keys make the same bytes. Where the private key is, only the signer knows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from skyrocket.build.signing import der
from skyrocket.build.signing.errors import SigningError

if TYPE_CHECKING:
    from skyrocket.models.signing import Signer

_SIGNED_DATA = "1.2.840.113549.1.7.2"
DATA = "1.2.840.113549.1.7.1"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.null())
_RSA = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null())


def attached(signer: Signer, kind: str, content: bytes) -> bytes:
    """SignedData that carries CONTENT (DER, of type KIND), with signed attributes."""
    attributes = [
        _attribute(_CONTENT_TYPE, der.oid(kind)),
        _attribute(_MESSAGE_DIGEST, der.octets(hashlib.sha256(der.content(content)).digest())),
    ]
    signed = der.set_of(*attributes)
    signature = _sign(signer, hashlib.sha256(signed).digest())
    # The set is signed under its own tag and stored under [0].
    info = _signer_info(signer, der.context(0, der.content(signed)), signature)
    inner = der.sequence(der.oid(kind), der.context(0, content))
    whole = _signed_data(signer, inner, info)
    return der.sequence(der.oid(_SIGNED_DATA), der.context(0, whole))


def detached(signer: Signer, digest: bytes) -> bytes:
    """SignedData over data that is elsewhere and has DIGEST: how EFI variables are signed."""
    info = _signer_info(signer, b"", _sign(signer, digest))
    return _signed_data(signer, der.sequence(der.oid(DATA)), info)


def _signed_data(signer: Signer, inner: bytes, info: bytes) -> bytes:
    return der.sequence(
        der.integer(1),
        der.set_of(_SHA256),
        inner,
        der.context(0, b"".join(signer.certificates)),
        der.set_of(info),
    )


def _signer_info(signer: Signer, attributes: bytes, signature: bytes) -> bytes:
    own = x509.load_der_x509_certificate(signer.certificates[0])
    return der.sequence(
        der.integer(1),
        der.sequence(own.issuer.public_bytes(), der.integer(own.serial_number)),
        _SHA256,
        attributes,
        _RSA,
        der.octets(signature),
    )


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(value))


def _sign(signer: Signer, digest: bytes) -> bytes:
    """A signature, tried against the certificate: a token may hold another key than one thinks."""
    signature = signer.sign(digest)
    key = x509.load_der_x509_certificate(signer.certificates[0]).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise SigningError("cannot sign: the certificate's key is not RSA, which firmware wants")
    try:
        key.verify(signature, digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))
    except InvalidSignature as error:
        reason = "private key and certificate do not belong together"
        raise SigningError(f"cannot sign: {reason}") from error
    return signature
