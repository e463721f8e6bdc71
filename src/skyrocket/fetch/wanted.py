"""The words of this room: a file that is wanted, and the places it may come from."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """One address of one file. SOURCE is the name that messages use for where it leads."""

    url: str  # http://, https://, file:// or bundle:///path/to.tar#sha256
    source: str
    proxy: str = ""  # empty: what the environment says; "DIRECT": none at all
    cafile: str = ""  # certificates to trust for https; empty: the system's


class Wanted(NamedTuple):
    """A file known by its hash before it is asked for. SIZE 0 means not known."""

    name: str  # for people: "systemd 257.9-1" or a wheel's file name
    sha256: str
    size: int
    places: tuple[Place, ...]
    mend: str = ""  # the command that helps when no place has it any more
