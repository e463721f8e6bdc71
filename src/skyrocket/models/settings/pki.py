"""Group `pki`: certificates of authorities that the node trusts, or no longer does."""

import binascii
from typing import Annotated

from skyrocket.models.settings import x509
from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    says,
)
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


_PATH = "/etc/ssl/certs/ca-certificates.crt"
_READERS = ("containerd.service", "host-containerd.service")


def render(bundles: dict[Identifier, Bundle] | None) -> Rendered:
    """The image's authorities, and behind them those that are trusted here.

    Of what was given only the certificates are taken: whoever pasted a key with them does not find
    it in a file that everybody reads.
    """
    text = ""
    for name, bundle in sorted((bundles or {}).items()):
        if bundle.trusted and bundle.data:
            found = x509.certificates(binascii.a2b_base64(bundle.data))
            text += f"# settings.pki.{name}\n{found}" if found else ""
    return Rendered((File(_PATH, text.encode(), base=f"/usr/share/factory{_PATH}"),))


GROUP = Group(
    name="pki",
    about="Certificates of authorities that the node trusts.",
    model=dict[Identifier, Bundle],
    effects={
        "": Effect(
            does="the node's bundle of certificates of authorities, which every pull asks",
            reach="works",
            restarts=_READERS,
            packages=("containerd",),
        )
    },
    render=render,
    services={"pki": ("ca-bundle",)},
    files={"ca-bundle": ConfigFile(path=_PATH, restarts=_READERS)},
)
