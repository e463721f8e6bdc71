"""Words for the kernel and for PID 1 that settings ask for, and who lets them in. Pure.

They travel in an addon of the kernel image (`models.addon`), which the image's stub puts behind its
own words. A machine that was started without firmware has run no stub; one with Secure Boot takes
what somebody signed, and nothing on a node can sign.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from skyrocket.models.keys import Tree

LONGEST = 1024
"""Characters: with the image's own words it must stay below the kernel's limit of 2048."""

FOLDER = "/etc/skyrocket/boot.d"
"""Files that groups of settings render, each a line of words; read in the order of their names."""
RECONCILE = "/etc/skyrocket/reboot-to-reconcile"
"""There when a boot with other words than these is to reboot by itself."""

UNIT = "skyrocket-parameters@{}.service"
AT_CHANGE, AT_BOOT = UNIT.format("change"), UNIT.format("boot")

OUTCOME = "/run/skyrocket/parameters.json"
INITRD = "/run/skyrocket/initrd.json"


class Firmware(Struct, frozen=True):
    """What the initrd found: EFI or none, whether it checks what it starts, words of addons."""

    efi: bool = False
    secure_boot: bool | None = None
    additions: list[str] = []


class Report(Struct, frozen=True):
    """What the verb `parameters` leaves for others: words of the next boot, and troubles."""

    next: list[str] = []
    degraded: list[str] = []


def of_boot(kernel: Mapping[Any, Sequence[str]], init: Mapping[Any, Sequence[str]]) -> str:
    """The words of group `boot`; those for PID 1 stand behind `--`, as the kernel has it.

    >>> of_boot({"console": ["tty0", "ttyS1"], "nosmt": []}, {"log_level": ["debug"]})
    'console=tty0 console=ttyS1 nosmt -- log_level=debug'
    """
    first, last = _words(kernel), _words(init)
    return " ".join([*first, *(["--", *last] if last else [])])


def of_pages(static: Mapping[str, Any]) -> str:
    """The words of static huge pages; SIZE is written as the kernel writes it.

    >>> of_pages({"essential": True, "2Mi": {"count": "512"}, "1Gi": {"count": "0:1,1:2"}})
    'hugepagesz=1G hugepages=0:1,1:2 hugepagesz=2M hugepages=512'
    """
    sizes = sorted((size, pool) for size, pool in static.items() if size != "essential")
    return " ".join(
        f"hugepagesz={size.removesuffix('i')} hugepages={pool['count']}" for size, pool in sizes
    )


def _words(table: Mapping[Any, Sequence[str]]) -> list[str]:
    return [word for key, values in sorted(table.items()) for word in _of_key(key, values)]


def _of_key(key: str, values: Sequence[str]) -> list[str]:
    return [f"{key}={_quoted(value)}" for value in values] or [key]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def of_settings(tree: Tree) -> list[str]:
    """All words that the settings TREE asks for."""
    boot = tree.get("boot") or {}
    pages = ((tree.get("kernel") or {}).get("hugepages") or {}).get("static") or {}
    return joined([of_pages(pages), of_boot(boot.get("kernel") or {}, boot.get("init") or {})])


def joined(lines: Iterable[str]) -> list[str]:
    """The words of LINES, as the kernel's command line is split too."""
    return " ".join(lines).split()


def refusal(wanted: Sequence[str], firmware: Firmware) -> str | None:
    """Why a machine with this FIRMWARE will not start with the WANTED words; None: it will."""
    if not wanted or list(wanted) == firmware.additions:
        return None
    if len(" ".join(wanted)) > LONGEST:
        return f"the words for the kernel are longer than {LONGEST} characters"
    if not firmware.efi:
        return "this machine was started without firmware, and so without what reads an addon"
    if firmware.secure_boot:
        return "Secure Boot is on: the kernel gets words that were signed, and a node signs nothing"
    return None
