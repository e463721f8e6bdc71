"""Group `pki`: certificates of authorities that the node trusts, or no longer does."""

import binascii
from typing import Annotated

from skyrocket.models.settings import x509
from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Identifier, Scalar


class PemCertificateString(Scalar):
    """Blank, or base64 of PEM with at least one X.509 certificate."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if not text.strip():
            return None
        try:
            pem = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            return f"invalid base64: {error}"
        return x509.refuse(pem)


class Bundle(Model, frozen=True):
    data: Annotated[
        PemCertificateString | None, says("Base64 of one or more certificates in PEM")
    ] = None
    trusted: Annotated[
        bool | None, says("Whether they are taken; false takes them out again", unset="false")
    ] = None


GROUP = Group(
    name="pki",
    about="Certificates of authorities that the node trusts.",
    model=dict[Identifier, Bundle],
    effects={"": Effect(does="the node's bundle of certificates of authorities")},
)
