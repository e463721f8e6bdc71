"""The signer whose keys are files: a folder with PK, KEK, db and image key.

db vouches for the image key, which signs loaders, kernel images and addons. Firmware holds db's
certificate, so the image key can be made anew without touching a machine, and db's private file
can lie in a safe meanwhile.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from skyrocket.build.signing.errors import KeysError
from skyrocket.models.signing import Authority, Enrolment

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM, EXCHANGE, DATABASE, IMAGE = "PK", "KEK", "db", "image"
NAMES = (PLATFORM, EXCHANGE, DATABASE, IMAGE)
_MADE = "./skyrocket keys init --dir FOLDER makes them"
_BITS = 2048  # what every firmware takes
_YEARS = 30  # firmware has no clock that it believes, and does not look


class Pair(NamedTuple):
    """A private key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


class FileSigner:
    """Signs with a private key that was read from a file; `models.signing.Signer`."""

    def __init__(self, pair: Pair, issuers: tuple[x509.Certificate, ...]) -> None:
        self._key = pair.key
        self._certificates = tuple(_der(one) for one in (pair.certificate, *issuers))

    @property
    def certificates(self) -> tuple[bytes, ...]:
        return self._certificates

    def sign(self, digest: bytes) -> bytes:
        return self._key.sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))


def make(folder: Path, owner: str) -> None:
    """Make all keys below FOLDER; nothing is ever overwritten. OWNER goes into the names."""
    there = [f"{name}{end}" for name in NAMES for end in (".key", ".crt")]
    there = [name for name in there if (folder / name).exists()]
    if there:
        raise KeysError(
            f"cannot make keys in {folder}: {', '.join(there)} would be overwritten",
            "name another folder, or move these away: machines that believe them need them",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {name: _pair(f"{owner} {name}") for name in (PLATFORM, EXCHANGE, DATABASE)}
    made[IMAGE] = _pair(f"{owner} {IMAGE}", made[DATABASE])
    for name, pair in made.items():
        _write(folder / f"{name}.key", _pem(pair.key), 0o600)
        pem = pair.certificate.public_bytes(serialization.Encoding.PEM)
        _write(folder / f"{name}.crt", pem, 0o644)


def authority(folder: Path) -> Authority:
    """What a build needs of FOLDER; the private files of PK, KEK and db may be elsewhere."""
    certificates = {name: certificate(folder, name) for name in NAMES}
    pair = Pair(private_key(folder, IMAGE), certificates[IMAGE])
    signer = FileSigner(pair, (certificates[DATABASE],))
    trusted = Enrolment(*(_der(certificates[name]) for name in (PLATFORM, EXCHANGE, DATABASE)))
    return Authority(signer, trusted, fingerprint(certificates[IMAGE]))


def signer_for(folder: Path, name: str) -> FileSigner:
    """A signer with the key NAME alone: for changes of the variables of firmware."""
    return FileSigner(Pair(private_key(folder, name), certificate(folder, name)), ())


def certificate(folder: Path, name: str) -> x509.Certificate:
    path = folder / f"{name}.crt"
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise KeysError(f"cannot read certificate {path}: {error.strerror}", _MADE) from error
    except ValueError as error:
        raise KeysError(f"cannot read certificate {path}: it is no X.509 in PEM", _MADE) from error


def private_key(folder: Path, name: str) -> rsa.RSAPrivateKey:
    """The key NAME; a file that others may read is refused, as ssh does."""
    path = folder / f"{name}.key"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            way = f"chmod 600 '{path}', and think about who has read it"
            raise KeysError(f"cannot use key {path}: others may read it (mode {mode:o})", way)
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise KeysError(f"cannot read key {path}: {error.strerror}", _MADE) from error
    except (ValueError, TypeError):
        # The library's words stay out of it: they might quote what they could not read.
        reason = "it is no private key in PEM, or it has a passphrase"
        raise KeysError(f"cannot read key {path}: {reason}", _MADE) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeysError(f"cannot use key {path}: it is not RSA, which firmware wants", _MADE)
    return key


def fingerprint(one: x509.Certificate) -> str:
    return hashlib.sha256(_der(one)).hexdigest()


def _pair(name: str, issuer: Pair | None = None) -> Pair:
    key = rsa.generate_private_key(65537, _BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    authority = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today)
        .not_valid_after(today + dt.timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        builder = builder.add_extension(usage, critical=False)
    return Pair(key, builder.sign(issuer.key if issuer else key, SHA256()))


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _der(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.DER)


def _write(path: Path, data: bytes, mode: int) -> None:
    """A new file with MODE from its first moment on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
