"""Read `packages/` and `variants/` into models, every mistake at once, each with file and path.

Knows where the files lie and how includes compose; what the words mean is the business of the
other modules here.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from skyrocket.models.checking import DefinitionError, check
from skyrocket.models.definition import Package, Variant, merge, parse_name, with_arguments

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T", Package, Variant)


class Definition(NamedTuple):
    """A variant with everything it includes, and its packages in the order they are named."""

    name: str
    variant: Variant
    packages: dict[str, Package]


def load(checkout: Path, name: str) -> Definition:
    """The variant NAME of the CHECKOUT; raises DefinitionError with all mistakes of all files."""
    if parse_name(name) is None:
        raise DefinitionError(
            f"variant name {name!r}",
            ["(name): expected <platform>-<runtime>[-<version>][-<flavour>]"],
        )
    path = checkout / "variants" / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(variants(checkout))
        raise DefinitionError(f"variant {name!r}", [f"(file): no such variant (known: {known})"])
    mistakes: list[str] = []
    parts = _parts(checkout / "variants", path, mistakes, ())
    variant = merge(tuple(parts))
    packages: dict[str, Package] = {}
    for package in variant.packages:
        found = _package(checkout, package, mistakes)
        if found is not None:
            packages[package] = found
    if not variant.architectures:
        mistakes.append(f"{path.name}: architectures: missing (x86_64, aarch64)")
    mistakes += _clashes(packages)
    if mistakes:
        raise DefinitionError(f"variant {name!r}", mistakes)
    return Definition(name, with_arguments(variant, packages.values()), packages)


def variants(checkout: Path) -> list[str]:
    """Names of the variants this checkout can build."""
    return sorted(path.stem for path in (checkout / "variants").glob("*.toml"))


def all_packages(checkout: Path) -> dict[str, Package]:
    """Every package there is, for the lock: it pins what any variant may need."""
    mistakes: list[str] = []
    names = sorted(path.parent.name for path in (checkout / "packages").glob("*/package.toml"))
    found = {name: _package(checkout, name, mistakes) for name in names}
    if mistakes:
        raise DefinitionError("packages", mistakes)
    return {name: package for name, package in found.items() if package is not None}


def _parts(folder: Path, path: Path, mistakes: list[str], above: tuple[Path, ...]) -> list[Variant]:
    """What PATH includes, in order, then PATH itself."""
    part = _read(Variant, path, mistakes)
    if part is None:
        return []
    parts: list[Variant] = []
    for number, include in enumerate(part.include):
        target = folder / f"{include}.toml"
        where = f"{path.relative_to(folder)}: include[{number}]"
        if target in (*above, path):
            mistakes.append(f"{where}: {include!r} includes itself")
        elif not target.is_file():
            mistakes.append(f"{where}: no file variants/{include}.toml")
        else:
            parts += _parts(folder, target, mistakes, (*above, path))
    return [*parts, part]


def _package(checkout: Path, name: str, mistakes: list[str]) -> Package | None:
    path = checkout / "packages" / name / "package.toml"
    if not path.is_file():
        mistakes.append(f"packages: no file packages/{name}/package.toml")
        return None
    return _read(Package, path, mistakes)


def _read(kind: type[T], path: Path, mistakes: list[str]) -> T | None:
    name = f"{path.parent.name}/{path.name}"
    try:
        return check(kind, tomllib.loads(path.read_text(encoding="utf-8")), name)
    except tomllib.TOMLDecodeError as error:
        mistakes.append(f"{name}: not TOML: {error}")
    except UnicodeDecodeError as error:
        mistakes.append(f"{name}: not UTF-8: {error.reason} at byte {error.start}")
    except DefinitionError as error:
        mistakes += [f"{name}: {mistake}" for mistake in error.mistakes]
    return None


def _clashes(packages: dict[str, Package]) -> list[str]:
    """Two packages that claim one path, user name, number or kernel parameter."""
    seen: dict[object, str] = {}
    mistakes: list[str] = []
    for name, package in packages.items():
        claims: list[tuple[object, str]] = [
            (("link", path), f"links.{path}") for path in package.links
        ]
        claims += [
            (("parameter", p.key), f"kernel-parameters {p.key}") for p in package.kernel_parameters
        ]
        claims += [(("user", u.name), f"users {u.name}") for u in package.users]
        claims += [(("id", u.id), f"user number {u.id}") for u in (*package.users, *package.groups)]
        for key, words in claims:
            if key in seen:
                mistakes.append(f"{name}/package.toml: {words}: already in package {seen[key]}")
            seen.setdefault(key, name)
    return mistakes
