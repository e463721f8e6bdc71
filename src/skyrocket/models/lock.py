"""The words of packages.lock: which Debian packages, exactly, everything is made from.

Reads and writes its text form; knows neither apt, nor mirrors, nor the cache.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

SCHEMA = 1
SETS = ("containers", "image", "tools")
ARCHES = ("amd64", "arm64")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"pool/[A-Za-z0-9._+~:%/-]+\.deb")


class LockTextError(Exception):
    """The text is not a lock. MISTAKES has one line per mistake, each with its path."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        self.hint = "restore packages.lock from version control, or: ./skyrocket lock --update"
        super().__init__("cannot read packages.lock: " + "\n  ".join(("", *mistakes)).strip())


class Package(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One .deb file. PATH is relative to the archive it comes from (see `archive`)."""

    name: str
    version: str
    architecture: str
    path: str
    sha256: str
    size: int
    source: str
    source_version: str

    @property
    def archive(self) -> str:
        """Which of Debian's archives has it: security updates live in a pool of their own."""
        return "debian-security" if self.path.startswith("pool/updates/") else "debian"


class Lock(msgspec.Struct, frozen=True):
    """Everything pinned. SNAPSHOT is a moment (UTC) at which the archive held all of it."""

    suites: tuple[str, ...]
    snapshot: str
    sets: dict[str, dict[str, tuple[str, ...]]]
    packages: dict[str, tuple[Package, ...]]
    schema: int = SCHEMA

    def select(self, set_name: str, arch: str) -> tuple[Package, ...]:
        """The packages of one set, in order of name; empty when the lock has no such set."""
        names = set(self.sets.get(set_name, {}).get(arch, ()))
        return tuple(package for package in self.packages.get(arch, ()) if package.name in names)


def encode(lock: Lock) -> bytes:
    """The one text form of LOCK: sorted, one package per line, so that a diff can be read."""
    lines = ["{", f' "schema": {lock.schema},']
    lines.append(f' "suites": {json.dumps(list(lock.suites))},')
    lines.append(f' "snapshot": {json.dumps(lock.snapshot)},')
    lines.append(' "sets": {')
    lines.append(",\n".join(_set_lines(name, lock.sets[name]) for name in sorted(lock.sets)))
    lines.append(" },")
    lines.append(' "packages": {')
    lines.append(",\n".join(_arch_lines(a, lock.packages[a]) for a in sorted(lock.packages)))
    lines.append(" }")
    lines.append("}\n")
    return "\n".join(lines).encode()


def _set_lines(name: str, arches: dict[str, tuple[str, ...]]) -> str:
    rows = [
        f"   {json.dumps(arch)}: [\n"
        + ",\n".join(f"    {json.dumps(package)}" for package in sorted(arches[arch]))
        + "\n   ]"
        for arch in sorted(arches)
    ]
    return f"  {json.dumps(name)}: {{\n" + ",\n".join(rows) + "\n  }"


def _arch_lines(arch: str, packages: tuple[Package, ...]) -> str:
    rows = ",\n".join("   " + msgspec.json.encode(package).decode() for package in sorted(packages))
    return f"  {json.dumps(arch)}: [\n{rows}\n  ]"


def decode(data: bytes) -> Lock:
    """Read the text form; raises LockTextError with every mistake that is in it."""
    try:
        raw = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise LockTextError([f"$: {error}"]) from error
    if not isinstance(raw, dict):
        raise LockTextError(["$: expected an object"])
    mistakes = _outline(raw)
    packages = {
        arch: _packages(rows, f"$.packages.{arch}", arch, mistakes)
        for arch, rows in _table(raw, "packages", mistakes).items()
    }
    sets = _sets(_table(raw, "sets", mistakes), packages, mistakes)
    if mistakes:
        raise LockTextError(mistakes)
    return Lock(tuple(raw["suites"]), raw["snapshot"], sets, packages, raw["schema"])


def _outline(raw: dict[str, Any]) -> list[str]:
    mistakes = [
        f"$.{key}: unknown field"
        for key in sorted(set(raw) - {"schema", "suites", "snapshot", "sets", "packages"})
    ]
    if raw.get("schema") != SCHEMA:
        mistakes.append(f"$.schema: expected {SCHEMA}, got {raw.get('schema')!r}")
    suites = raw.get("suites")
    if not isinstance(suites, list) or not all(isinstance(suite, str) for suite in suites):
        mistakes.append("$.suites: expected a list of names")
    snapshot = raw.get("snapshot")
    if not isinstance(snapshot, str) or not re.fullmatch(r"\d{8}T\d{6}Z", snapshot):
        mistakes.append("$.snapshot: expected a moment like 20260131T120000Z")
    return mistakes


def _table(raw: dict[str, Any], key: str, mistakes: list[str]) -> dict[str, Any]:
    value = raw.get(key)
    if isinstance(value, dict):
        return value
    mistakes.append(f"$.{key}: expected an object")
    return {}


def _packages(rows: Any, path: str, arch: str, mistakes: list[str]) -> tuple[Package, ...]:
    if arch not in ARCHES:
        mistakes.append(f"{path}: unknown architecture, expected one of {', '.join(ARCHES)}")
    if not isinstance(rows, list):
        mistakes.append(f"{path}: expected a list")
        return ()
    packages: list[Package] = []
    for index, row in enumerate(rows):
        try:
            package = msgspec.convert(row, Package)
        except msgspec.ValidationError as error:
            reason, _, inner = str(error).partition(" - at `$")
            mistakes.append(f"{path}[{index}]{inner.rstrip('`')}: {reason}")
            continue
        mistakes += [f"{path}[{index}].{wrong}" for wrong in _wrong(package, arch)]
        packages.append(package)
    seen: set[str] = set()
    for index, package in enumerate(packages):
        if package.name in seen:
            mistakes.append(f"{path}[{index}].name: {package.name} is listed twice")
        seen.add(package.name)
    return tuple(packages)


def _wrong(package: Package, arch: str) -> list[str]:
    wrong = []
    if not _SHA256.fullmatch(package.sha256):
        wrong.append(f"sha256: {package.name}: expected 64 hexadecimal digits")
    if package.size <= 0:
        wrong.append(f"size: {package.name}: expected a number above 0")
    if not _PATH.fullmatch(package.path) or ".." in package.path.split("/"):
        wrong.append(f"path: {package.name}: expected pool/….deb, got {package.path!r}")
    if package.architecture not in {arch, "all"}:
        wrong.append(f"architecture: {package.name}: {package.architecture} is not for {arch}")
    return wrong


def _sets(
    raw: dict[str, Any], packages: dict[str, tuple[Package, ...]], mistakes: list[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    known = {arch: {package.name for package in rows} for arch, rows in packages.items()}
    sets: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, arches in raw.items():
        path = f"$.sets.{name}"
        if name not in SETS:
            mistakes.append(f"{path}: unknown set, expected one of {', '.join(SETS)}")
        if not isinstance(arches, dict):
            mistakes.append(f"{path}: expected an object")
            continue
        sets[name] = {}
        for arch, names in arches.items():
            if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
                mistakes.append(f"{path}.{arch}: expected a list of names")
                continue
            mistakes += [
                f"{path}.{arch}[{index}]: {one} is not in $.packages.{arch}"
                for index, one in enumerate(names)
                if one not in known.get(arch, set())
            ]
            sets[name][arch] = tuple(names)
    return sets
