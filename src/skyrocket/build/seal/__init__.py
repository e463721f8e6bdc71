"""Seal programs: our modules, frozen into one ELF file that has no compiler and no parser.

Two kinds: the host program (dynamic, extension modules from one folder) and static files. Nothing
here knows what the programs do, nor how the image takes them in. The whole idea: docs/sealed.md.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from skyrocket.build import step
from skyrocket.build.seal import link, parts, programs
from skyrocket.build.seal.errors import LeakError, SealError, SourceError
from skyrocket.build.seal.programs import HOST, PROGRAMS, Program
from skyrocket.build.seal.survey import survey

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.sandbox import Sandbox

__all__ = ["LeakError", "SealError", "SourceError", "seal", "seal_host", "seal_static"]


def seal_host(
    sandbox: Sandbox, *, source: Path, wheels: Path, cache: Path, architecture: str = "amd64"
) -> Path:
    """A folder laid out as on the node: the host program and its extension modules.

    SOURCE is the folder above `skyrocket`, WHEELS one with unzipped wheels for CPython 3.13,
    CACHE the folder of steps.
    """
    shop = parts.Workshop(sandbox, source=source, wheels=wheels, cache=cache)
    return seal(shop, HOST, architecture)


def seal_static(
    sandbox: Sandbox,
    program: str,
    *,
    source: Path,
    wheels: Path,
    cache: Path,
    architecture: str = "amd64",
) -> Path:
    """One static ELF file: PROGRAM is `apiclient` or `init`."""
    shop = parts.Workshop(sandbox, source=source, wheels=wheels, cache=cache)
    return seal(shop, PROGRAMS[program], architecture)


def seal(shop: parts.Workshop, program: Program, architecture: str = "amd64") -> Path:
    """Survey, compile, link. A file for a static program, a folder for the host's."""
    found = survey(program, shop.source)
    below = parts.base(shop, program, found)
    own = parts.ours(shop, program, found, below)
    table = link.Builtins(program, below.report.builtins)
    compiled = link.objects(shop, program, table)
    if program.static:
        return link.program(shop, program, [below, own], compiled, None, architecture)
    ext = link.extensions(shop, below)
    file = link.program(shop, program, [below, own], compiled, ext, architecture)
    return _node_tree(shop, file, ext)


def _node_tree(shop: parts.Workshop, file: Path, ext: Path) -> Path:
    def make(out: Path) -> None:
        target = out / programs.HOST_PATH.lstrip("/")
        target.parent.mkdir(parents=True)
        shutil.copyfile(file, target)
        target.chmod(0o755)
        folder = out / programs.EXT_FOLDER.lstrip("/")
        folder.mkdir(parents=True)
        for library in sorted((ext / "ext").iterdir()):
            shutil.copyfile(library, folder / library.name)
            (folder / library.name).chmod(0o644)

    inputs = {"program": file.parent.name, "ext": ext.name}
    return step.run(shop.cache, "seal-tree", inputs, make)
