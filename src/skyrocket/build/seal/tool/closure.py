"""Which modules a program reaches: the closure of its imports, read from syntax trees.

Runs on the build machine for our own modules and inside the tools tree for everything else, so it
imports the standard library alone. It does not run what it reads; an import that a program
computes at run time must be named by the caller.
"""

from __future__ import annotations

import ast
import re
from encodings.aliases import aliases
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

_DOTTED = re.compile(r"^([a-z_][a-z_0-9]*(?:\.[a-z_][a-z_0-9]*)+)(?::[a-z_]+)?$")


class Source(NamedTuple):
    """A module that is a Python file."""

    name: str
    path: str
    package: bool


class Imports(NamedTuple):
    """What one module asks for: every name that may be a module, parents first."""

    names: tuple[str, ...]
    texts: tuple[str, ...]
    """String constants that look like a dotted name (`a.b` or `a.b:function`), the name alone,
    parents first."""


def find(name: str, folders: Iterable[Path]) -> Source | None:
    """The Python file of module NAME in the first of FOLDERS that has one."""
    relative = name.replace(".", "/")
    for folder in folders:
        package = folder / relative / "__init__.py"
        if package.is_file():
            return Source(name, str(package), package=True)
        plain = folder / f"{relative}.py"
        if plain.is_file():
            return Source(name, str(plain), package=False)
    return None


def imports(text: str, name: str, *, package: bool) -> Imports:
    """What module NAME, whose source is TEXT, imports anywhere but under TYPE_CHECKING."""
    names: list[str] = []
    texts: list[str] = []
    base = name if package else name.rpartition(".")[0]
    for node in _walk(ast.parse(text)):
        match node:
            case ast.Import():
                for alias in node.names:
                    names.extend(with_parents(alias.name))
            case ast.ImportFrom():
                target = _absolute(node.module, node.level, base)
                names.extend(with_parents(target))
                names.extend(f"{target}.{alias.name}" for alias in node.names)
            case ast.Call():
                names.extend(_encodings(node))
            case ast.Attribute(attr="strptime"):
                names.append("_strptime")  # asked for by C code, when it is called
            case ast.Constant(value=str(value)) if found := _DOTTED.match(value):
                texts.extend(with_parents(found[1]))
    return Imports(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(texts)))


def closure(
    roots: Iterable[str],
    read: Callable[[str], Imports | None],
    exclude: Collection[str] = (),
) -> dict[str, Imports | None]:
    """Every name reachable from ROOTS; None where READ finds no such module.

    EXCLUDE names modules, with all that is below them, which must not be followed.
    """
    seen: dict[str, Imports | None] = {}
    todo = sorted(set(roots), reverse=True)
    while todo:
        name = todo.pop()
        if name in seen or _excluded(name, exclude):
            continue
        found = seen[name] = read(name)
        if found is not None:
            todo.extend(found.names)
    return seen


def _excluded(name: str, exclude: Collection[str]) -> bool:
    return any(parent in exclude for parent in with_parents(name))


def with_parents(name: str) -> list[str]:
    """`a`, `a.b`, `a.b.c` for `a.b.c`: importing a module imports its packages first."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts)) if name]


def _absolute(module: str | None, level: int, base: str) -> str:
    if level == 0:
        return module or ""
    above = base.rsplit(".", level - 1)[0] if level > 1 else base
    return f"{above}.{module}" if module else above


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that can run; what stands under `if TYPE_CHECKING:` cannot."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _type_checking(child.test):
            for other in child.orelse:
                yield from _walk(other)
        else:
            yield from _walk(child)


def _encodings(node: ast.Call) -> list[str]:
    """Codecs are modules that are looked up by name: `.encode("utf-16-le")`, `encoding="…"`."""
    given = [word.value for word in node.keywords if word.arg == "encoding"]
    if isinstance(node.func, ast.Attribute) and node.func.attr in {"encode", "decode"}:
        given += node.args[:1]
    texts = [str(one.value).lower() for one in given if isinstance(one, ast.Constant)]
    plain = [text.replace("-", "_") for text in texts if text.replace("-", "").isalnum()]
    return [f"encodings.{aliases.get(text, text)}" for text in plain]


def _type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )
