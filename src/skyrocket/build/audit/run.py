"""The audit's straight line: parts of an image in, all findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.audit import exemptions
from skyrocket.build.audit.cache import Remembering
from skyrocket.build.audit.content import classify
from skyrocket.build.audit.errors import AuditError
from skyrocket.build.audit.image import Image
from skyrocket.build.audit.rules import boot, kinds, links, owners, udev, units
from skyrocket.fetch import places
from skyrocket.models.definition import MULTIARCH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from skyrocket.build.audit.exemptions import Exemptions
    from skyrocket.build.audit.model import Finding
    from skyrocket.build.image.entries import Entry

INIT = "init"
"""The initrd's one program."""


class Parts(NamedTuple):
    """One version: the entries of its parts, what the kernel image is made of, listed modules."""

    root: Iterable[Entry]
    initrd: Iterable[Entry]
    boot: Iterable[Entry]
    expected: boot.Expected
    modules: Collection[str] = ()


def audit(
    image: Image, architecture: str, listed: Collection[str], allowed: Exemptions
) -> list[Finding]:
    """All findings in one part; LISTED are the paths of the programs it may hold."""
    return [one for one in _all(image, architecture, listed, allowed) if not allowed.passes(one)]


def audit_version(
    checkout: Path, name: str, architecture: str, listed: Collection[str], parts: Parts
) -> None:
    """Audit all parts of a version of variant NAME; raises AuditError with all findings."""
    allowed = exemptions.read(checkout)
    read = Remembering(places.folder("audit"), classify)
    root = Image("root", parts.root, read)
    initrd = Image("initrd", parts.initrd, read)
    esp = Image("boot", parts.boot, read)
    read.save()
    findings = audit(root, architecture, listed, allowed)
    findings += audit(initrd, architecture, (INIT,), allowed)
    findings += audit(esp, architecture, (), allowed)
    for image in (root, initrd):
        unlisted = kinds.unlisted_modules(image, parts.modules)
        findings += [one for one in unlisted if not allowed.passes(one)]
    findings += [one for one in _boot(esp, parts.expected) if not allowed.passes(one)]
    if findings:
        raise AuditError(f"{name} ({architecture})", findings)


def _all(
    image: Image, architecture: str, listed: Collection[str], allowed: Exemptions
) -> Iterator[Finding]:
    accounts = owners.accounts(image)
    yield from kinds.fingerprints(image)
    yield from kinds.forbidden(image, architecture)
    yield from kinds.modules(image)
    yield from kinds.unlisted(image, listed)
    yield from owners.modes(image)
    yield from owners.owned(image, accounts)
    yield from owners.logins(image)
    yield from links.dangling(image, allowed.at_run_time)
    yield from links.libraries(image, MULTIARCH[architecture])
    yield from links.opened_by_name(image)
    yield from units.units(image, accounts)
    yield from units.wants(image)
    yield from udev.rules(image, accounts)
    yield from udev.modprobe(image)
    yield from udev.tmpfiles(image, accounts)


def _boot(image: Image, expected: boot.Expected) -> Iterator[Finding]:
    yield from boot.only_boot_files(image)
    yield from boot.unified(image, expected)
    yield from boot.command_line(image, expected.command_line.decode("utf-8", "replace"))
