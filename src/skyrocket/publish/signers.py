"""The keys of a repository: a folder that is never published, with one list of who signs.

`signers.json` maps a key's identifier to an address that securesystemslib understands: a file
(`file2:NAME`), a PKCS#11 token (`hsm:`), a key service (`awskms:`, `gcpkms:`, `azurekms:`). Only
file keys are made here. Deliberately unknown here: what the keys sign.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from securesystemslib.signer import CryptoSigner, Signer, SSlibKey

from skyrocket.publish.errors import SignerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from securesystemslib.signer import Key

LIST = "signers.json"
FILE = "file2:"
MAKERS = {
    "ed25519": CryptoSigner.generate_ed25519,
    "ecdsa": CryptoSigner.generate_ecdsa,
    "rsa": CryptoSigner.generate_rsa,
}


def folder_for(repository: Path) -> Path:
    """Where the keys of REPOSITORY are when nobody says: beside it, for it will be copied whole."""
    return repository.with_name(f"{repository.name}.keys")


def make(folder: Path, name: str, kind: str = "ed25519") -> Key:
    """A new private key in FOLDER -> its public half."""
    signer = MAKERS[kind]()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.pem"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SignerError(
            f"cannot make key {path}: it is there already", "keys are never overwritten; move it"
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(signer.private_bytes)
    key = signer.public_key
    note(folder, key.keyid, f"{FILE}{path.name}")
    return key


def note(folder: Path, keyid: str, address: str) -> None:
    """Remember that ADDRESS signs for KEYID."""
    known = {**addresses(folder), keyid: address}
    temporary = folder / f"{LIST}.new"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(known, order="sorted")) + b"\n")
    temporary.replace(folder / LIST)


def addresses(folder: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode((folder / LIST).read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError as error:
        raise SignerError(f"cannot read {folder / LIST}: {error}") from error


def present(folder: Path, keys: Iterable[Key]) -> list[Signer]:
    """A signer for each of KEYS that somebody here signs for."""
    known = addresses(folder)
    return [_signer(folder, key, known[key.keyid]) for key in keys if key.keyid in known]


def _signer(folder: Path, key: Key, address: str) -> Signer:
    name = address.removeprefix(FILE)
    if address.startswith(FILE) and not Path(name).is_absolute():
        address = f"{FILE}{(folder / name).absolute()}"
    # The node's client has a key type of its own for the same keys; a signer wants the library's.
    public = SSlibKey(key.keyid, key.keytype, key.scheme, key.keyval, key.unrecognized_fields)
    try:
        return Signer.from_priv_key_uri(address, public)
    except Exception as error:  # each kind of signer has errors of its own
        kind = address.partition(":")[0]
        raise SignerError(f"cannot sign with {kind} key {key.keyid[:8]}: {error}",
                          f"see {folder / LIST}") from error  # fmt: skip
