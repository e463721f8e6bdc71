"""Public keys of a repository, for python-tuf, checked by our own `signatures`.

The library finds key types in a table; what this puts there needs no cryptography library on the
node. Deliberately unknown here: which keys are trusted for what.
"""

from __future__ import annotations

from typing import Any

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import KEY_FOR_TYPE_AND_SCHEME, Key, Signature

from skyrocket.host.update import signatures


class PublicKey(Key):
    """A key that checks signatures and can do nothing else."""

    @classmethod
    def from_dict(cls, keyid: str, key_dict: dict[str, Any]) -> PublicKey:
        keytype, scheme, keyval = cls._from_dict(key_dict)
        if not isinstance(keyval.get("public"), str):
            raise ValueError("a key has no public half")  # noqa: TRY004  (the library expects it)
        return cls(keyid, keytype, scheme, keyval, key_dict)

    def to_dict(self) -> dict[str, Any]:
        return self._to_dict()

    def verify_signature(self, signature: Signature, data: bytes) -> None:
        try:
            raw = bytes.fromhex(signature.signature)
            signatures.check(self.scheme, self.keyval["public"], raw, data)
        except (ValueError, signatures.BadSignatureError) as error:
            raise UnverifiedSignatureError(f"key {self.keyid[:8]}: {error}") from error


def table() -> dict[tuple[str, str], type[Key]]:
    """Key types by type and scheme, as metadata names them."""
    found: dict[tuple[str, str], type[Key]] = {}
    for scheme in signatures.SCHEMES:
        for keytype in _keytypes(scheme):
            found[keytype, scheme] = PublicKey
    return found


def _keytypes(scheme: str) -> tuple[str, ...]:
    if scheme.startswith("rsa"):
        return ("rsa",)
    # Older metadata names the type of an ECDSA key like its scheme.
    return ("ecdsa", scheme) if scheme.startswith("ecdsa") else (scheme,)


def install() -> None:
    """Have python-tuf check all signatures of this process with `signatures`, and no others."""
    KEY_FOR_TYPE_AND_SCHEME.clear()
    KEY_FOR_TYPE_AND_SCHEME.update(table())
