"""Words of signing: who can sign, and what firmware is told to believe.

Nothing here knows where a private key is: a file, a token behind PKCS #11 and a key service all
fit behind `Signer`, because what crosses the line is a digest and a signature.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

ENROLMENT_FILES = ("PK.der", "KEK.der", "db.der")


class Signer(Protocol):
    """Somebody who holds a private key and signs digests with it."""

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """X.509 in DER: the signer's own first, then those who vouch for it, up to the trusted."""

    def sign(self, digest: bytes) -> bytes:
        """An RSA signature (PKCS #1 v1.5) over a SHA-256 DIGEST; it has no randomness."""


class Enrolment(NamedTuple):
    """The certificates (X.509, DER) that a machine's firmware is given, by variable."""

    platform_key: bytes
    """PK: who may change the next one."""
    key_exchange_key: bytes
    """KEK: who may change the last one."""
    database: bytes
    """db: whose signatures start."""

    def files(self) -> dict[str, bytes]:
        """By the names that they have beside a signed image."""
        return dict(zip(ENROLMENT_FILES, self, strict=True))


class Authority(NamedTuple):
    """What a build needs to sign: the hand that signs, and whom it tells firmware to believe."""

    signer: Signer
    enrolment: Enrolment
    fingerprint: str
    """SHA-256 of the signer's own certificate, in hexadecimal digits."""
