"""Firmware variables that hold our certificates, written into OVMF's empty store.

A machine that finds PK, KEK and db in its store has Secure Boot on: nobody goes through a menu.
Source: UEFI Specification, "Signature Database"; EDK II, `Guid/VariableFormat.h`. Pure.
"""

from __future__ import annotations

import struct
import uuid
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.lab.errors import LabError

if TYPE_CHECKING:
    from skyrocket.models.signing import Enrolment

_GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
_SECURITY_DATABASE = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
_X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
_ENABLE = uuid.UUID("f0a30bc7-af08-4556-99c4-001009c93a44")
_AUTHENTICATED_STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792")
OWNER = uuid.UUID("6f6f5b1e-6d3c-4f3f-9a4e-5a1b7c5d2e90")
"""Who put a certificate there, for people who list them."""

_NON_VOLATILE, _BOOT, _RUNTIME, _TIME_BASED = 1, 2, 4, 0x20
_START, _ADDED = 0x55AA, 0x3F
_STORE_HEADER = 28
_ERASED = b"\xff"
# A moment in the past: later changes, which firmware wants to be newer, stay possible.
_MOMENT = struct.pack("<H5BBIhBB", 2020, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)


class Variable(NamedTuple):
    name: str
    vendor: uuid.UUID
    attributes: int
    data: bytes
    moment: bytes = bytes(16)


def enrolled(store: bytes, trusted: Enrolment) -> bytes:
    """STORE, OVMF's template without a variable, with TRUSTED enrolled."""
    at = _first_free(store)
    written = b"".join(_record(one) for one in variables(trusted))
    room = store[at : at + len(written)]
    if room != _ERASED * len(written):
        raise LabError("cannot enrol keys: the firmware's template has variables already")
    return store[:at] + written + store[at + len(written) :]


def variables(trusted: Enrolment) -> tuple[Variable, ...]:
    """The variables that switch Secure Boot on with TRUSTED."""
    signed = _NON_VOLATILE | _BOOT | _RUNTIME | _TIME_BASED
    return (
        Variable("PK", _GLOBAL, signed, signature_list(trusted.platform_key), _MOMENT),
        Variable("KEK", _GLOBAL, signed, signature_list(trusted.key_exchange_key), _MOMENT),
        Variable("db", _SECURITY_DATABASE, signed, signature_list(trusted.database), _MOMENT),
        Variable("SecureBootEnable", _ENABLE, _NON_VOLATILE | _BOOT, b"\1"),
    )


def signature_list(certificate: bytes) -> bytes:
    """EFI_SIGNATURE_LIST with one certificate."""
    entry = OWNER.bytes_le + certificate
    return _X509.bytes_le + struct.pack("<III", 28 + len(entry), 0, len(entry)) + entry


def _first_free(store: bytes) -> int:
    """Offset of the first record: behind the headers of volume and store."""
    volume: int = struct.unpack_from("<H", store, 48)[0]
    if store[volume : volume + 16] != _AUTHENTICATED_STORE.bytes_le:
        raise LabError("cannot enrol keys: the firmware's template has another form")
    return volume + _STORE_HEADER


def _record(one: Variable) -> bytes:
    name = one.name.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<HBBIQ", _START, _ADDED, 0, one.attributes, 0) + one.moment
    head += struct.pack("<III", 0, len(name), len(one.data)) + one.vendor.bytes_le
    record = head + name + one.data
    return record + _ERASED * (-len(record) % 4)
