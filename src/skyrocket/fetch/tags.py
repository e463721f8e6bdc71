"""Which wheels fit which Python: the compatibility tags of the packaging standards, as data.

Pure: a `Target` is described, not looked up, so that wheels for the node can be chosen anywhere.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from typing import NamedTuple

# The old names of platform tags and the C library version that each stands for.
ALIASES = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_PLATFORM = re.compile(r"(manylinux|musllinux)_(\d+)_(\d+)_(\w+)")
_WHEEL = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-\d[^-]*)?"
    r"-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)


class Target(NamedTuple):
    """A Python to find wheels for. LIBC is the version of glibc or musl, whichever it uses."""

    python: tuple[int, int]
    machine: str  # x86_64, aarch64
    libc: tuple[int, int]
    musl: bool = False
    threads: str = ""  # "t" for a Python without a global lock

    @property
    def abi(self) -> str:
        return f"cp{self.python[0]}{self.python[1]}{self.threads}"

    def __str__(self) -> str:
        kind = "musl" if self.musl else "glibc"
        python = f"Python {self.python[0]}.{self.python[1]}{self.threads}"
        return f"{python} on {self.machine}, {kind} {self.libc[0]}.{self.libc[1]}"


def node(machine: str) -> Target:
    """The Python inside the sealed programs: Debian 13's."""
    return Target((3, 13), machine, (2, 41))


def here() -> Target:
    """The Python that runs this."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):  # musl does not know the name
        name, version = "musl", ""
    musl = name != "glibc"
    major, minor = (1, 2) if musl else map(int, version.split(".")[:2])
    return Target(
        (sys.version_info.major, sys.version_info.minor),
        platform.machine(),
        (major, minor),
        musl=musl,
        threads="t" if "t" in getattr(sys, "abiflags", "") else "",
    )


def parse(filename: str) -> tuple[str, str] | None:
    """(name, version) of a wheel's file name, or None for other files."""
    match = _WHEEL.fullmatch(filename)
    return (normal(match["name"]), match["version"]) if match else None


def normal(name: str) -> str:
    """The one spelling of a project's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def rank(filename: str, target: Target) -> tuple[int, ...] | None:
    """How well a wheel fits TARGET, larger is better; None when it does not."""
    match = _WHEEL.fullmatch(filename)
    if match is None:
        return None
    python = _python_rank(match["python"].split("."), match["abi"].split("."), target)
    platforms = [_platform_rank(one, target) for one in match["platform"].split(".")]
    fitting = [one for one in platforms if one is not None]
    if python is None or not fitting:
        return None
    return (python, *max(fitting))


def _python_rank(pythons: list[str], abis: list[str], target: Target) -> int | None:
    major, minor = target.python
    if f"cp{major}{minor}" in pythons and target.abi in abis:
        return 1000
    if "abi3" in abis and not target.threads:
        stable = [int(one[3:]) for one in pythons if re.fullmatch(r"cp3\d+", one)]
        fitting = [one for one in stable if one <= minor]
        if fitting:
            return 500 + max(fitting)
    if "none" not in abis:
        return None
    if {f"cp{major}{minor}", f"py{major}{minor}"} & set(pythons):
        return 200
    return 100 if f"py{major}" in pythons else None


def _platform_rank(tag: str, target: Target) -> tuple[int, int] | None:
    if tag == "any":
        return (0, 0)
    if tag == f"linux_{target.machine}":
        return (1, 0)
    old, _, machine = tag.partition("_")
    if old in ALIASES:
        libc = ALIASES[old]
        family = "manylinux"
    else:
        match = _PLATFORM.fullmatch(tag)
        if match is None:
            return None
        family, machine = match[1], match[4]
        libc = int(match[2]), int(match[3])
    if machine != target.machine or (family == "musllinux") != target.musl:
        return None
    return libc if libc <= target.libc else None
