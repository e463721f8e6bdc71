"""What a package file and a variant file may say.

A package names what one part of the node is made of: files out of locked Debian packages, files
of ours beside it, users, links, and for each executable the reason it is there. A variant names
packages and composes others by `include`. The builder decides what these words do; nothing here
reads a file.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

Architecture = Literal["x86_64", "aarch64"]
DEBIAN_ARCHITECTURE: dict[str, str] = {"x86_64": "amd64", "aarch64": "arm64"}
MULTIARCH: dict[str, str] = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}

AbsolutePath = Annotated[str, msgspec.Meta(pattern=r"^/[^\x00]*$")]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9+.-]*$")]
UserName = Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_-]*$")]
Unit = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9@_.:-]+\.(service|socket|target|timer|path|slice)$")
]
Mode = Annotated[str, msgspec.Meta(pattern=r"^0?[0-7]{3,4}$")]

VARIANT_NAME = re.compile(
    r"^(?P<platform>[a-z0-9]+)-(?P<runtime>[a-z][a-z0-9]*)"
    r"(?:-(?P<version>[0-9]+(?:\.[0-9]+)*))?(?:-(?P<flavour>[a-z][a-z0-9-]*))?$"
)


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Base of all definition tables."""


class Debian(Model, frozen=True):
    """Debian packages, per set of the lock, whose closure the lock pins."""

    image: tuple[Name, ...] = ()
    tools: tuple[Name, ...] = ()
    containers: tuple[Name, ...] = ()
    exclude: tuple[Name, ...] = ()


class Files(Model, frozen=True):
    """Glob patterns over the files of the locked Debian packages; `**` crosses folders."""

    include: tuple[AbsolutePath, ...] = ()
    exclude: tuple[AbsolutePath, ...] = ()


class Executable(Model, frozen=True):
    """One program the image may hold: who starts it and why it cannot be left out."""

    path: AbsolutePath
    started_by: str
    why: str


class User(Model, frozen=True):
    """A system user with a group of the same name and number."""

    name: UserName
    id: Annotated[int, msgspec.Meta(ge=0, le=65534)]
    home: AbsolutePath = "/"


class Folder(Model, frozen=True):
    """A folder of the root file system that no file brings along."""

    path: AbsolutePath
    mode: Mode = "0755"
    user: UserName = "root"
    group: UserName = "root"


class KernelArgument(Model, frozen=True):
    """One word of the kernel's command line; UPSTREAM: Bottlerocket says the same."""

    word: Annotated[str, msgspec.Meta(pattern=r"^[^\s]+$")]
    why: str
    upstream: bool = False


class KernelParameter(Model, frozen=True):
    """A value below /proc/sys, set before PID 1 starts, or as soon as MODULE is loaded."""

    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]+(\.[a-z0-9_-]+)+$")]
    value: Annotated[str, msgspec.Meta(pattern=r"^[^\n\"]+$")]
    why: str
    module: str = ""
    upstream: bool = False


class KernelOmitted(Model, frozen=True):
    """A word or value that readers may look for, and why it is not there."""

    word: str
    why: str


class Source(Model, frozen=True):
    """A program built from source in the tools tree (Go modules): a later variant's need."""

    kind: Literal["go"]
    module: str
    version: str
    packages: tuple[str, ...]
    hash: Annotated[str, msgspec.Meta(pattern=r"^h1:[A-Za-z0-9+/]+=*$")]


class Package(Model, frozen=True):
    """`packages/<name>/package.toml`."""

    description: str
    debian: Debian = Debian()
    files: Files = Files()
    executables: tuple[Executable, ...] = ()
    users: tuple[User, ...] = ()
    groups: tuple[User, ...] = ()
    folders: tuple[Folder, ...] = ()
    links: dict[AbsolutePath, str] = {}
    concatenate: dict[AbsolutePath, AbsolutePath] = {}
    wants: dict[Unit, tuple[Unit, ...]] = {}
    kernel_arguments: tuple[KernelArgument, ...] = ()
    kernel_parameters: tuple[KernelParameter, ...] = ()
    kernel_omitted: tuple[KernelOmitted, ...] = ()
    source: tuple[Source, ...] = ()


class Sizes(Model, frozen=True):
    """Partition sizes in MiB: the one thing that no update can change."""

    esp: Annotated[int, msgspec.Meta(ge=64)] = 64
    boot: Annotated[int, msgspec.Meta(ge=300)] = 512
    root: Annotated[int, msgspec.Meta(ge=256)] = 1024
    private: Annotated[int, msgspec.Meta(ge=64)] = 128


class Variant(Model, frozen=True):
    """`variants/<name>.toml`, or a part of one under `variants/shared/`."""

    description: str = ""
    include: tuple[str, ...] = ()
    architectures: tuple[Architecture, ...] = ()
    packages: tuple[Name, ...] = ()
    settings_groups: tuple[Name, ...] = ()
    kernel_arguments: tuple[str, ...] = ()
    sizes: Sizes | None = None
    defaults: dict[str, object] = {}


def parse_name(name: str) -> dict[str, str] | None:
    """Platform, runtime, version and flavour of a variant's name, or None when it has no such form.

    >>> parse_name("vm-dev")["runtime"]
    'dev'
    """
    match = VARIANT_NAME.match(name)
    return {key: value or "" for key, value in match.groupdict().items()} if match else None


def merge(parts: tuple[Variant, ...]) -> Variant:
    """The parts as one variant: lists joined without repeats, later scalars and defaults win."""
    defaults: dict[str, object] = {}
    for part in parts:
        defaults = _deep(defaults, part.defaults)
    sizes = [part.sizes for part in parts if part.sizes is not None]
    return Variant(
        description=next((p.description for p in reversed(parts) if p.description), ""),
        architectures=_joined(*(p.architectures for p in parts)),  # type: ignore[arg-type]
        packages=_joined(*(p.packages for p in parts)),
        settings_groups=_joined(*(p.settings_groups for p in parts)),
        kernel_arguments=_joined(*(p.kernel_arguments for p in parts)),
        sizes=sizes[-1] if sizes else Sizes(),
        defaults=defaults,
    )


def with_arguments(variant: Variant, packages: Iterable[Package]) -> Variant:
    """VARIANT whose kernel arguments are followed by those of its PACKAGES, each once."""
    words = tuple(argument.word for package in packages for argument in package.kernel_arguments)
    return msgspec.structs.replace(
        variant, kernel_arguments=_joined(variant.kernel_arguments, words)
    )


def _joined(*lists: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))


def _deep(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _deep(old, value) if both else value  # type: ignore[arg-type]
    return merged
