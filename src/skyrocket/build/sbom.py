"""The bill of materials beside an image: SPDX 2.3 in JSON, the same bytes for the same lock.

What is in it: the Debian packages with a file in the image, those that are linked or frozen into
our programs, the loader's, our wheels, and our own code. Where a package can be fetched is said
without a host: by package URL and by its path in the archive.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import msgspec

from skyrocket.build import licences
from skyrocket.build.seal.programs import HOST
from skyrocket.fetch import requirements, tags

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from skyrocket.build.licences import Licence
    from skyrocket.build.lock import Lock, Package
    from skyrocket.models.manifest import Manifest

SPDX_VERSION = "SPDX-2.3"
DOCUMENT = "SPDXRef-DOCUMENT"
IMAGE = "SPDXRef-Image"
OWN = "SPDXRef-Skyrocket"
OWN_LICENCE = "Apache-2.0 OR MIT"
_NAMESPACE = uuid.UUID("b1d9a0c3-5d5e-4a0a-8f2e-6b1d0a5f7c11")

LINKED = {
    "libpython3.13-dev": "STATIC_LINK",
    "libpython3.13-stdlib": "CONTAINS",
    "libpython3.13-minimal": "CONTAINS",
    "libc6-dev": "STATIC_LINK",
    "zlib1g-dev": "STATIC_LINK",
}
"""Packages of the tools whose code is in our sealed programs, and how."""
LOADER = ("systemd-boot-efi",)
"""Packages of the tools with files in ESP or kernel image."""


class Wheel(NamedTuple):
    """A locked wheel, and what its METADATA calls its licence."""

    name: str
    version: str
    sha256: str
    file: str
    licence: str


class Copyrights:
    """Copyright files of unpacked packages, across the links between their doc folders."""

    def __init__(self, unpacked: Path, packages: Iterable[Package]) -> None:
        self._trees = {one.name: unpacked / one.sha256 / "tree" for one in packages}

    def licence(self, name: str) -> Licence:
        """What the package NAME declares."""
        seen: list[str] = []
        while name in self._trees and name not in seen:
            seen.append(name)
            doc = self._trees[name] / "usr/share/doc" / name
            file = doc / "copyright"
            if doc.is_symlink():
                name = doc.readlink().parts[-1]
            elif file.is_symlink():
                name = file.readlink().parts[-2]
            elif file.is_file():
                return licences.declared(file.read_text(encoding="utf-8", errors="replace"))
            else:
                return licences.unknown(f"package {name} has no copyright file")
        return licences.unknown(f"the copyright file is in package {name}, which is not here")


def document(
    facts: Manifest, lock: Lock, debian: str, copyrights: Copyrights, wheels: Iterable[Wheel]
) -> bytes:
    """The whole document for an image with FACTS; DEBIAN is the architecture's name there."""
    tools = {one.name: one for one in lock.select("tools", "amd64")}
    image = [one for one in lock.select("image", debian) if one.name in facts.packages]
    extra = [tools[name] for name in (*LINKED, *LOADER) if name in tools]
    extracted: dict[str, str] = {}
    rows = [_image(facts), _own(facts)]
    links = [(DOCUMENT, "DESCRIBES", IMAGE), (IMAGE, "CONTAINS", OWN)]
    for package in [*image, *(one for one in extra if one not in image)]:
        licence = copyrights.licence(package.name)
        extracted |= licence.extracted
        rows.append(_debian(package, licence))
        if package in image or package.name in LOADER:
            links.append((IMAGE, "CONTAINS", _id("deb", package.name)))
        if package in extra and package.name in LINKED:
            links.append((OWN, LINKED[package.name], _id("deb", package.name)))
    for wheel in wheels:
        rows.append(_wheel(wheel))
        links.append((OWN, "CONTAINS", _id("pypi", wheel.name)))
    whole: dict[str, object] = {
        "spdxVersion": SPDX_VERSION,
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": f"skyrocket-{facts.variant}-{facts.architecture}-{facts.version}",
        "documentNamespace": f"urn:uuid:{uuid.uuid5(_NAMESPACE, facts.root_hash)}",
        "creationInfo": {"created": _moment(lock.snapshot), "creators": ["Tool: skyrocket"]},
        "packages": rows,
        "relationships": [
            {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
            for a, kind, b in links
        ],
    }
    if extracted:
        whole["hasExtractedLicensingInfos"] = [
            {"licenseId": name, "extractedText": text} for name, text in sorted(extracted.items())
        ]
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def wheels(checkout: Path, architecture: str, environment: Path) -> list[Wheel]:
    """The locked wheels sealed into the node's programs, as unpacked into ENVIRONMENT."""
    found = []
    for pin in requirements.read(checkout / "requirements/host.txt"):
        if pin.name.replace("-", "_") not in HOST.wheels:
            continue  # locked because another one names it, and not sealed
        chosen = requirements.choose(pin, tags.node(architecture))
        name = f"{pin.name.replace('-', '_')}-{pin.version}.dist-info"
        licence = _metadata_licence(environment / name / "METADATA")
        found.append(Wheel(pin.name, pin.version, chosen.sha256, chosen.filename, licence))
    return found


def _metadata_licence(file: Path) -> str:
    """SPDX's word in a wheel's METADATA (PEP 639), or the trove classifier's, or nothing."""
    try:
        head = file.read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return ""
    if (found := re.search(r"^License-Expression: (.+)$", head, re.MULTILINE)) is not None:
        return found[1].strip()
    if "Classifier: License :: OSI Approved :: MIT License" in head:
        return "MIT"
    if "Classifier: License :: OSI Approved :: BSD License" in head:
        return "BSD-3-Clause"
    return ""


def _image(facts: Manifest) -> dict[str, object]:
    return {
        "name": f"skyrocket-{facts.variant}",
        "SPDXID": IMAGE,
        "versionInfo": facts.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "comment": f"root hash {facts.root_hash}, build {facts.build_id}, {facts.architecture}",
    }


def _own(facts: Manifest) -> dict[str, object]:
    return {
        "name": "skyrocket",
        "SPDXID": OWN,
        "versionInfo": facts.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "APPLICATION",
        "licenseConcluded": OWN_LICENCE,
        "licenseDeclared": OWN_LICENCE,
        "copyrightText": "NOASSERTION",
        "comment": "the host program, apiclient and the initrd's program, each sealed in one file",
    }


def _debian(package: Package, licence: Licence) -> dict[str, object]:
    row: dict[str, object] = {
        "name": package.name,
        "SPDXID": _id("deb", package.name),
        "versionInfo": package.version,
        "packageFileName": package.path,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": package.sha256}],
        "sourceInfo": f"built from Debian source {package.source} {package.source_version}",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence.expression,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            _purl(
                f"pkg:deb/debian/{quote(package.name)}@{quote(package.version, safe='')}"
                f"?arch={package.architecture}"
            )
        ],
    }
    if licence.reason:
        row["licenseComments"] = licence.reason
    return row


def _wheel(wheel: Wheel) -> dict[str, object]:
    return {
        "name": wheel.name,
        "SPDXID": _id("pypi", wheel.name),
        "versionInfo": wheel.version,
        "packageFileName": wheel.file,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": wheel.sha256}],
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": wheel.licence or "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [_purl(f"pkg:pypi/{wheel.name}@{wheel.version}")],
    }


def _purl(text: str) -> dict[str, str]:
    return {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": text,
    }


def _id(kind: str, name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9.-]", lambda found: f"-{ord(found[0]):x}-", name)
    return f"SPDXRef-{kind}-{plain}"


def _moment(snapshot: str) -> str:
    return f"{datetime.strptime(snapshot, '%Y%m%dT%H%M%SZ').replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}"
