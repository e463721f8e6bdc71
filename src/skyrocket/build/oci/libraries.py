"""Bring the shared libraries that an image's programs want, by asking the programs themselves.

Images take single files out of packages, so package dependencies would bring too much; what the
loader will look for stands in each ELF file. Libraries opened later by name (dlopen) are not seen
here: a definition includes those by pattern.
"""

from __future__ import annotations

import posixpath
import re
import struct
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.oci.errors import MissingLibraryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from skyrocket.build.oci.tree import Entry

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
LIBRARY_FOLDER = re.compile(r"/usr/(lib/[a-z0-9_]+-linux-gnu|lib64|lib)/[^/]+\Z")
DT_NULL, DT_NEEDED, DT_STRTAB = 0, 1, 5


class Wants(NamedTuple):
    """What an ELF file asks its loader for."""

    libraries: list[str]
    loader: str


def close(taken: Sequence[Entry], available: Iterable[Entry]) -> list[Entry]:
    """Give the libraries that TAKEN lacks, and those that they want in turn, out of AVAILABLE.

    A loader finds a library by the name of its link, so the link and what it names both come.
    Raises MissingLibraryError that names every library which AVAILABLE does not bring.
    """
    have = {entry.path for entry in taken}
    shelf: dict[str, list[Entry]] = {}
    for entry in available:
        if entry.kind in ("file", "link") and LIBRARY_FOLDER.match(entry.path):
            shelf.setdefault(posixpath.basename(entry.path), []).append(entry)
    added: list[Entry] = []
    missing: dict[str, str] = {}
    todo = list(taken)
    while todo:
        entry = todo.pop()
        for name in _wanted(entry):
            found = [one for one in shelf.get(name, ()) if one.path not in have]
            if name not in shelf:
                missing.setdefault(name, entry.path)
            have.update(one.path for one in found)
            added += found
            todo += found
    if missing:
        raise MissingLibraryError(
            f"cannot compose the image: {_list(missing)}",
            "name the Debian package that brings it in the image's `debian`",
        )
    return added


def _wanted(entry: Entry) -> list[str]:
    if entry.kind == "link":
        return [posixpath.basename(entry.target)] if ".so" in entry.target else []
    wants = read(entry.source) if entry.source is not None else None
    if wants is None:
        return []
    loader = [posixpath.basename(wants.loader)] if wants.loader else []
    return [*wants.libraries, *loader]


def _list(missing: Mapping[str, str]) -> str:
    return "; ".join(
        f"{name} is in no package (wanted by {user})" for name, user in sorted(missing.items())
    )


def read(path: Path) -> Wants | None:
    """What the 64-bit little-endian ELF file PATH wants; None when it is no such file."""
    with path.open("rb") as stream:
        if stream.read(6) != b"\x7fELF\x02\x01":
            return None
        data = b"\x7fELF\x02\x01" + stream.read()
    headers = _headers(data)
    interpreter = [_text(data, h.offset) for h in headers if h.kind == PT_INTERP]
    libraries: list[str] = []
    for header in headers:
        if header.kind == PT_DYNAMIC:
            libraries = _needed(data, header, [h for h in headers if h.kind == PT_LOAD])
    return Wants(libraries, interpreter[0] if interpreter else "")


class _Header(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def _headers(data: bytes) -> list[_Header]:
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    found = []
    for number in range(count):
        kind, _flags, offset, address, _physical, length = struct.unpack_from(
            "<IIQQQQ", data, table + number * size
        )
        found.append(_Header(kind, offset, address, length))
    return found


def _needed(data: bytes, dynamic: _Header, loads: Sequence[_Header]) -> list[str]:
    wanted: list[int] = []
    strings = 0
    for at in range(dynamic.offset, dynamic.offset + dynamic.size, 16):
        tag, value = struct.unpack_from("<QQ", data, at)
        if tag == DT_NULL:
            break
        if tag == DT_NEEDED:
            wanted.append(value)
        elif tag == DT_STRTAB:
            strings = value
    for load in loads:
        if load.address <= strings < load.address + load.size:
            strings += load.offset - load.address
            break
    return [_text(data, strings + offset) for offset in wanted]


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("ascii", "replace")
