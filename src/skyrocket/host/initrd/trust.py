"""Whether this boot is the one that was built: the command line, compared before it is believed.

Secure Boot proves the kernel image, not what is added behind its back: firmware hands the stub
more words (SMBIOS), and a loader may. What was expected came with the initrd, under its signature.
"""

from __future__ import annotations

import os

from skyrocket.host.initrd.errors import BootError
from skyrocket.host.system.text import text_in
from skyrocket.models import command_line as words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from skyrocket.host.initrd.report import Report

_EFI = "/sys/firmware/efi"
_BOOT_PARAMETERS = "/sys/kernel/boot_params/data"
_SECURE_BOOT = 0x1EC  # kernel: arch/x86/zero-page.rst, and enum efi_secureboot_mode
_SAID = {2: False, 3: True}


def settle(actual: str, report: Report, root: str = "") -> None:
    """BootError when ACTUAL has words nobody signed and this image refuses such words."""
    found = words.compare(actual.split(), text_in(f"{root}/{words.WORDS}").split(), additions(root))
    report.facts["additions"] = found.added
    if found.same():
        return
    # An initrd without a policy is none of ours: no word from outside is taken.
    if text_in(f"{root}/{words.POLICY}") == words.REPORT:
        report.facts["outside_words"] = found.strange
        report.say(f"the command line has words from outside: {' '.join(found.strange)}")
        return
    raise BootError(f"cannot trust the command line: {describe(found)}")


def look_at_firmware(report: Report, root: str = "") -> None:
    """Into the report: `efi`, whether there was firmware, and `secure_boot`, None: nobody says.

    The kernel's own word is taken, given at its start: nothing is to be mounted for it.
    """
    report.facts["efi"] = os.path.isdir(root + _EFI)
    report.facts["secure_boot"] = _secure_boot(root + _BOOT_PARAMETERS)


def _secure_boot(path: str) -> bool | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _SAID.get(int.from_bytes(os.pread(fd, 1, _SECURE_BOOT), "little"))
    finally:
        os.close(fd)


def additions(root: str) -> list[list[str]]:
    """The words of each addon that firmware let through: it came into the initrd with them."""
    folder = f"{root}/{words.ADDITIONS}"
    if not os.path.isdir(folder):
        return []
    return [text_in(f"{folder}/{name}").split() for name in sorted(os.listdir(folder))]


def describe(found: words.Comparison) -> str:
    """Both kinds of difference, those from outside first."""
    parts = []
    if found.strange:
        parts.append(f"words that nobody signed: {' '.join(found.strange)}")
    if found.missing:
        parts.append(f"words that are missing: {' '.join(found.missing)}")
    return "; ".join(parts)
