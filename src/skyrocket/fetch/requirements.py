"""Requirement files as this project writes them: pip reads them, and so does this.

Each pinned wheel stands twice: as `--hash=sha256:…` for pip, and in a comment with its size and
file name. With the comment the right wheel is known before any index is asked, so totals can be
shown, a bundle needs no index, and an index without hashes does as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.fetch import tags
from skyrocket.fetch.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RELOCK = "./skyrocket lock --update-wheels"
_FILE = re.compile(r"#   ([0-9a-f]{64}) +(\d+) +(\S+\.whl)")
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)((?:\s+--hash=sha256:[0-9a-f]{64})+)")


class Wheel(NamedTuple):
    filename: str
    sha256: str
    size: int


class Pin(NamedTuple):
    """One project at one version, with the wheels that may be taken."""

    name: str
    version: str
    wheels: tuple[Wheel, ...]


def read(path: Path) -> list[Pin]:
    try:
        text = path.read_text()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    pins, mistakes = parse(text)
    if mistakes:
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        raise ConfigError(f"cannot read {path}:{lines}", RELOCK)
    return pins


def parse(text: str) -> tuple[list[Pin], list[str]]:
    """The pins of a requirement file, and what is wrong in it."""
    wheels: dict[tuple[str, str], list[Wheel]] = {}
    for sha256, size, filename in _FILE.findall(text):
        parts = tags.parse(filename)
        if parts:
            wheels.setdefault(parts, []).append(Wheel(filename, sha256, int(size)))
    logical = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    pins: list[Pin] = []
    mistakes: list[str] = []
    for line in filter(None, map(str.strip, logical.splitlines())):
        match = _PIN.fullmatch(line)
        if match is None:
            mistakes.append(f"{line[:60]}: expected name==version --hash=sha256:…")
            continue
        name, version = tags.normal(match[1]), match[2]
        hashes = set(re.findall(r"sha256:([0-9a-f]{64})", match[3]))
        found = tuple(wheels.get((name, version), ()))
        if {wheel.sha256 for wheel in found} != hashes:
            mistakes.append(f"{name}=={version}: its hashes and the comments below it differ")
        pins.append(Pin(name, version, found))
    return pins, mistakes


def render(pins: Iterable[Pin], header: str) -> str:
    """The text form that `parse` and pip read."""
    parts = ["".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())]
    for pin in sorted(pins):
        wheels = sorted(pin.wheels)
        hashes = " \\\n".join(f"    --hash=sha256:{wheel.sha256}" for wheel in wheels)
        notes = "".join(f"#   {one.sha256} {one.size:>9} {one.filename}\n" for one in wheels)
        parts.append(f"{pin.name}=={pin.version} \\\n{hashes}\n{notes}")
    return "\n".join(parts)


def choose(pin: Pin, target: tags.Target) -> Wheel:
    """The wheel of PIN that fits TARGET best."""
    ranked = [(tags.rank(wheel.filename, target), wheel) for wheel in pin.wheels]
    fitting = [(rank, wheel) for rank, wheel in ranked if rank is not None]
    if not fitting:
        raise NotFoundError(
            f"cannot install {pin.name} {pin.version}: no locked wheel fits {target}",
            "use Python 3.11 to 3.14 of a glibc distribution on x86-64 or aarch64",
        )
    return max(fitting)[1]
