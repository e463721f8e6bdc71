"""What a program takes from our own tree, and what it asks of others. Never runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.seal.errors import SourceError
from skyrocket.build.seal.tool import closure

if TYPE_CHECKING:
    from skyrocket.build.seal.programs import Program

OURS = "skyrocket"


class Survey(NamedTuple):
    """Our modules, sorted by name, and every other name that they import."""

    sources: tuple[closure.Source, ...]
    others: tuple[str, ...]


def survey(program: Program, source: Path) -> Survey:
    """Follow PROGRAM's imports through the tree SOURCE (the folder above `skyrocket`).

    A text constant that is the name of one of our modules counts as an import: tables of verbs
    name their modules that way.
    """
    sources: dict[str, closure.Source] = {}
    others: set[str] = set()

    def read(name: str) -> closure.Imports | None:
        if name.partition(".")[0] != OURS:
            others.add(name)
            return None
        found = closure.find(name, [source])
        if found is None:
            return None
        sources[name] = found
        text = Path(found.path).read_text(encoding="utf-8")
        try:
            asked = closure.imports(text, name, package=found.package)
        except SyntaxError as error:
            reason = f"line {error.lineno}: {error.msg}"
            raise SourceError(f"cannot seal {found.path}: {reason}") from error
        ours = [text for text in asked.texts if text.partition(".")[0] == OURS]
        return asked._replace(names=(*asked.names, *ours))

    if closure.find(program.module, [source]) is None:
        raise SourceError(f"cannot seal {program.name}: there is no module {program.module}")
    roots = [name for name in (program.module, *program.roots) if name.startswith(f"{OURS}.")]
    closure.closure([parent for root in roots for parent in closure.with_parents(root)], read)
    return Survey(tuple(sources[name] for name in sorted(sources)), tuple(sorted(others)))
