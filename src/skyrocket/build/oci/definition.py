"""What an `images/<name>/image.toml` may say, and how it is read.

An image is files out of Debian packages, files of ours beside the definition (`files/`), and what
to run. Which versions of the packages, and where their files lie, is the caller's business.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from skyrocket.build.oci.model import Image
from skyrocket.models.checking import DefinitionError, check

if TYPE_CHECKING:
    from pathlib import Path


def load(folder: Path) -> Image:
    """The definition in FOLDER; raises DefinitionError with every mistake in it."""
    path = folder / "image.toml"
    name = f"{folder.name}/image.toml"
    if not path.is_file():
        known = ", ".join(names(folder.parent)) or "none"
        raise DefinitionError(f"image {folder.name!r}", [f"(file): no such image (known: {known})"])
    try:
        return check(Image, tomllib.loads(path.read_text(encoding="utf-8")), name)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(name, [f"not TOML: {error}"]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(name, [f"not UTF-8: byte {error.start}"]) from error


def names(images: Path) -> list[str]:
    """Names of the images that the folder IMAGES defines."""
    return sorted(path.parent.name for path in images.glob("*/image.toml"))


def debian_roots(images: Path) -> list[str]:
    """Every Debian package that some image takes files from: the lock's set `containers`."""
    return sorted({package for name in names(images) for package in load(images / name).debian})
