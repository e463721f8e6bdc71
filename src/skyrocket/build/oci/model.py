"""The words of an image definition. Kept apart because msgspec reads these annotations."""

from typing import Annotated

import msgspec

from skyrocket.models.definition import AbsolutePath, Mode, Name


class Applets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Links of many names in FOLDER to one program that looks at the name it was called by."""

    of: AbsolutePath
    folder: AbsolutePath
    names: tuple[Annotated[str, msgspec.Meta(pattern=r"^[^/\x00]+$")], ...]


class Image(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """`images/<name>/image.toml`."""

    description: str
    debian: tuple[Name, ...]
    """Packages whose files may be taken. Their dependencies are not: name what is needed."""
    include: tuple[AbsolutePath, ...]
    """Glob patterns over the packages' files; `**` crosses folders."""
    exclude: tuple[AbsolutePath, ...] = ()
    folders: dict[AbsolutePath, Mode] = {}
    links: dict[AbsolutePath, str] = {}
    applets: tuple[Applets, ...] = ()
    modes: dict[AbsolutePath, Mode] = {}
    """Modes of our own files where executable or not (0755, 0644) does not say enough."""
    entrypoint: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    command: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    user: str = ""
    ports: tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9]+/(tcp|udp)$")], ...] = ()
    stop_signal: str = "SIGTERM"
