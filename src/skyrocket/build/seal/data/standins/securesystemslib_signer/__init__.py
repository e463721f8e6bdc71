# mypy: ignore-errors
"""`securesystemslib.signer` with the words that tuf asks for, and none of its signers.

The table of key types is empty: `skyrocket.host.update.keys` fills it.
"""

from securesystemslib.signer._key import KEY_FOR_TYPE_AND_SCHEME, Key, SSlibKey
from securesystemslib.signer._signature import Signature
from securesystemslib.signer._signer import SIGNER_FOR_URI_SCHEME, SecretsHandler, Signer

__all__ = [
    "KEY_FOR_TYPE_AND_SCHEME",
    "SIGNER_FOR_URI_SCHEME",
    "Key",
    "SSlibKey",
    "SecretsHandler",
    "Signature",
    "Signer",
]
