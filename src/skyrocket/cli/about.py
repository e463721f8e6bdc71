"""The front page: what this is, the two commands, what they cost here, how to get rid of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.cli import blockers, machine
from skyrocket.cli.checkout import pending
from skyrocket.cli.terminal import amount
from skyrocket.cli.verbs import VERBS
from skyrocket.fetch import places

if TYPE_CHECKING:
    from pathlib import Path

DOWNLOAD_RATE = 10_000_000  # bytes a second, a modest connection
WRITTEN_PER_BYTE = 5  # the file, unpacked, and as tools or image: measured per downloaded byte
FLOOR_BYTES = 900_000_000  # an image, its steps and a node grow by that much
BUILD_SECONDS = 90  # first build on two cores
BOOT_SECONDS = {True: 15, False: 45}  # with and without hardware virtualisation


class Cost(NamedTuple):
    """What `run` will take on this machine."""

    download: int  # bytes
    disk: int  # bytes
    seconds: int


def cost(missing: int, total: int, cores: int, *, kvm: bool) -> Cost:
    """An honest guess, from the lock and the machine; pure."""
    share = missing / total if total else 0.0
    disk = int(FLOOR_BYTES * max(share, 0.3) + missing * WRITTEN_PER_BYTE)
    build = BUILD_SECONDS * share * 2 / max(1, min(cores, 4))
    seconds = missing / DOWNLOAD_RATE + build + BOOT_SECONDS[kvm]
    return Cost(missing, disk, int(seconds))


def cost_here(cache: Path) -> Cost:
    here = pending(cache / "files")
    missing, total = (here.missing, here.total) if here else (250_000_000, 250_000_000)
    kvm = os.access("/dev/kvm", os.R_OK | os.W_OK)
    return cost(missing, total, os.cpu_count() or 1, kvm=kvm)


def page(price: Cost, cache: str, cores: int, *, kvm: bool) -> str:
    """The whole text."""
    speed = "hardware virtualisation may work (tried at run)" if kvm else "emulation, no /dev/kvm"
    minutes = max(1, round(price.seconds / 60))
    verbs = [f"  {verb.usage:29} {verb.help}" for verb in VERBS.values()]
    download = f"{amount(price.download)} to download" if price.download else "nothing to download"
    price_line = f"{download}, {price.disk / 1e9:.1f} GB of disk, about {minutes} min"
    return "\n".join(
        [
            "Skyrocket: a Linux operating system for hosting containers, written in Python.",
            "No shell, no package manager, no usable interpreter on the host; images that are",
            "checked at every read, and updates that fall back.",
            "",
            "  ./skyrocket run     build it, boot it here, end with a container served by it",
            "  ./skyrocket test    run its tests",
            "",
            f"`run` here: {price_line},",
            f"  with {cores} cores and {speed}.",
            f"Everything it writes is below {cache}",
            "Nothing is installed, nothing is written into this folder, no root is needed.",
            "Remove: ./skyrocket clean (downloads stay) or ./skyrocket clean --all (all goes)",
            "",
            "All verbs, each with --help:",
            *verbs,
        ]
    )


def main() -> int:
    cache = places.cache()
    price = cost_here(cache)
    kvm = os.access("/dev/kvm", os.R_OK | os.W_OK)
    print(page(price, str(cache), os.cpu_count() or 1, kvm=kvm))
    found = blockers.find(machine.look(str(cache), price.disk))
    if found:
        print()
        print(blockers.render(found), end="")
    return 0
