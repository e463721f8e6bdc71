"""From the bytes of one source to settings: gzip, TOML, the table `settings`. Pure."""

from __future__ import annotations

import tomllib
import zlib
from typing import TYPE_CHECKING

from skyrocket.host.settings.errors import UserDataError
from skyrocket.models.settings.mistakes import SettingsError

if TYPE_CHECKING:
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.table import Schema

LARGEST = 4 * 1024 * 1024
_GZIP = b"\x1f\x8b"


def parse(raw: bytes, name: str, schema: Schema) -> Tree:
    """The settings in RAW; raise UserDataError that says NAME, path and reason."""
    text = _text(raw, name)
    if not text.strip():
        return {}
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is no TOMLDecodeError
        raise UserDataError(f"cannot read user data {name}: {error}") from error
    if "settings" not in document:
        raise UserDataError(
            f"cannot read user data {name}: TOML data did not contain 'settings' section"
        )
    try:
        return schema.check(document["settings"])
    except SettingsError as error:
        raise UserDataError(f"cannot use user data {name}: {error}") from error


def _text(raw: bytes, name: str) -> str:
    if raw.startswith(_GZIP):
        raw = _inflated(raw, name)
    if len(raw) > LARGEST:
        raise UserDataError(f"cannot read user data {name}: it is over {LARGEST} bytes")
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserDataError(f"cannot read user data {name}: not UTF-8: {error.reason}") from error


def _inflated(raw: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(raw, LARGEST)
    except zlib.error as error:
        raise UserDataError(f"cannot unpack user data {name}: {error}") from error
    if not unpacker.eof:
        reason = "it is cut off" if len(content) < LARGEST else f"it is over {LARGEST} bytes"
        raise UserDataError(f"cannot unpack user data {name}: {reason}")
    return content
