"""TLS for the door to HTTP servers: who is believed, and in which words somebody is not.

Trusted are the authorities of the image and those of `settings.pki`, which are one file on a node.
The library is a tenth of a second and some megabytes, so this is imported for an https address
alone. Deliberately unknown here: HTTP.
"""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_TIMES = {9: "is not valid yet", 10: "has expired"}
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


class DistrustError(OSError):
    """A server whose certificate is not believed."""


def wrap(line: socket.socket, host: str, authorities: str = "") -> socket.socket:
    """LINE encrypted, its other end proven to be HOST; OSError, and DistrustError among them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_verify_locations(authorities or AUTHORITIES)
    except OSError as error:
        raise DistrustError(f"cannot read the trusted authorities: {_reason(error)}") from error
    try:
        return context.wrap_socket(line, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise DistrustError(distrust(error, host)) from error


def distrust(error: ssl.SSLCertVerificationError, host: str) -> str:
    """Why the certificate of HOST is not believed, and what to look at."""
    said = f"the certificate of {host} is not believed: "
    if error.verify_code in _TIMES:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return f"{said}it {_TIMES[error.verify_code]} (this node's clock: {now})"
    reason = error.verify_message.rstrip(".")
    if "issuer" in reason or "self-signed" in reason or "self signed" in reason:
        reason += "; an authority of your own goes into settings.pki"
    return f"{said}{reason}"


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
