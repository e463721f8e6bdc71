"""The bill of materials: licences read right, the document's shape, the same bytes again."""

from __future__ import annotations

import json
import re

import pytest

from skyrocket.build import licences, sbom
from skyrocket.models.lock import Lock, Package
from skyrocket.models.manifest import Manifest

FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"


def copyright_file(*names: str, texts: dict[str, str] | None = None) -> str:
    files = "\n\n".join(f"Files: *\nCopyright: somebody\nLicense: {name}" for name in names)
    rest = "".join(f"\n\nLicense: {name}\n {text}" for name, text in (texts or {}).items())
    return FORMAT + files + rest + "\n"


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2", "GPL-2.0-only"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("GPL-2.0-only", "GPL-2.0-only"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("LGPL-2.0-or-later", "LGPL-2.0-or-later"),
        ("Expat", "MIT"),
        ("BSD-3-Clause", "BSD-3-Clause"),
        ("Apache-2.0", "Apache-2.0"),
        ("GPL-2+ or Artistic", "GPL-2.0-or-later OR Artistic-1.0-Perl"),
        ("Expat and ISC or GPL-2", "MIT AND ISC OR GPL-2.0-only"),
        ("GPL-2+ or AFL-2.1, and Expat", "(GPL-2.0-or-later OR AFL-2.1) AND MIT"),
        ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
        ("Expat and Expat", "MIT"),
    ],
)
def test_names(name: str, expression: str) -> None:
    """Debian's names for licences become SPDX's, and so do the ways to join them."""
    assert licences.declared(copyright_file(name)).expression == expression


def test_every_licence_counts_once() -> None:
    """All files' licences are demanded together; a choice stays a choice."""
    found = licences.declared(copyright_file("GPL-2+", "Expat", "GPL-2+", "ISC or GPL-2"))
    assert found.expression == "GPL-2.0-or-later AND (ISC OR GPL-2.0-only) AND MIT"


def test_licence_that_spdx_does_not_list() -> None:
    """Its text comes along, under a name of its own."""
    text = copyright_file("Odd+ with a twist", texts={"Odd+ with a twist": "Do what you like."})
    found = licences.declared(text)
    assert re.fullmatch(r"LicenseRef-Debian-Odd-plus-with-a-twist-[0-9a-f]{8}", found.expression)
    assert found.extracted == {found.expression: "Do what you like."}


def test_one_name_for_two_texts() -> None:
    """Two packages may call different texts public domain: they stay apart."""
    one, other = (
        licences.declared(copyright_file("public-domain", texts={"public-domain": text}))
        for text in ("No rights.", "None at all.")
    )
    assert one.expression != other.expression


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It was debianized by me.\n", "is not machine-readable"),
        (FORMAT + "Files: *\nCopyright: me\n", "names no licence"),
        ("", "is not machine-readable"),
    ],
)
def test_no_licence(text: str, reason: str) -> None:
    """What cannot be read is no assertion, with the reason."""
    found = licences.declared(text)
    assert found.expression == "NOASSERTION"
    assert reason in found.reason


def package(name: str, number: int = 1, **changes: str) -> Package:
    fields = {
        "name": name,
        "version": "1:2.0+b1",
        "architecture": "amd64",
        "path": f"pool/main/x/{name}_2.0_amd64.deb",
        "sha256": f"{number:064x}",
        "source": "x",
        "source_version": "1:2.0",
    }
    return Package(size=1, **(fields | changes))


def unpacked(folder, one: Package, text: str) -> None:
    doc = folder / one.sha256 / "tree/usr/share/doc" / one.name
    doc.mkdir(parents=True)
    (doc / "copyright").write_text(text)


PACKAGES = tuple(
    package(name, number)
    for number, name in enumerate(
        ["libgone1", "libodd1", "libx1", "libxx-unused", "systemd-boot-efi", "zlib1g-dev"], start=1
    )
)
LOCK = Lock(
    suites=("trixie",),
    snapshot="20261123T120102Z",
    sets={
        "image": {"amd64": ("libgone1", "libodd1", "libx1", "libxx-unused")},
        "tools": {"amd64": ("systemd-boot-efi", "zlib1g-dev")},
    },
    packages={"amd64": PACKAGES},
)
FACTS = Manifest(
    variant="vm-dev", version="1.2", build_id="abc", architecture="x86_64", image="", manifest="",
    sbom="", root_hash="ab" * 32, root_bytes=1, hash_bytes=1, uki_bytes=1, uki_name="",
    executables=0, programs=[], packages={"libgone1": "1", "libodd1": "1", "libx1": "1"},
    partitions=[], kernel_arguments=[],
)  # fmt: skip
WHEELS = [sbom.Wheel("tomli-w", "1.2.0", "ee" * 32, "tomli_w-1.2.0-py3-none-any.whl", "MIT")]


@pytest.fixture
def made(tmp_path) -> bytes:
    for one in PACKAGES[2:]:
        unpacked(tmp_path, one, copyright_file("Expat"))
    unpacked(tmp_path, PACKAGES[1], copyright_file("Odd", texts={"Odd": "Text."}))
    doc = tmp_path / PACKAGES[0].sha256 / "tree/usr/share/doc/libgone1"
    doc.parent.mkdir(parents=True)
    doc.symlink_to("libelsewhere")
    return sbom.document(FACTS, LOCK, "amd64", sbom.Copyrights(tmp_path, PACKAGES), WHEELS)


def test_same_bytes_again(tmp_path, made: bytes) -> None:
    """The document depends on its inputs alone; its date is the lock's."""
    again = sbom.document(FACTS, LOCK, "amd64", sbom.Copyrights(tmp_path, PACKAGES), WHEELS)
    assert again == made
    assert json.loads(made)["creationInfo"]["created"] == "2026-11-23T12:01:02Z"


def test_what_is_listed(made: bytes) -> None:
    """Packages with a file in the image, what is linked in, the loader, wheels, our own code."""
    names = [one["name"] for one in json.loads(made)["packages"]]
    assert names == [
        "skyrocket-vm-dev", "skyrocket", "libgone1", "libodd1", "libx1", "zlib1g-dev",
        "systemd-boot-efi", "tomli-w",
    ]  # fmt: skip


def test_package(made: bytes) -> None:
    """A Debian package says its version, source, hash, licence, and where it is without a host."""
    rows = {one["name"]: one for one in json.loads(made)["packages"]}
    row = rows["libx1"]
    assert row["versionInfo"] == "1:2.0+b1"
    assert row["sourceInfo"] == "built from Debian source x 1:2.0"
    assert row["checksums"] == [{"algorithm": "SHA256", "checksumValue": f"{3:064x}"}]
    assert row["licenseDeclared"] == "MIT"
    assert row["externalRefs"][0]["referenceLocator"] == (
        "pkg:deb/debian/libx1@1%3A2.0%2Bb1?arch=amd64"
    )
    assert "://" not in json.dumps([one for one in rows.values() if one["name"] != "skyrocket"])


def test_copyright_in_a_package_that_is_not_here(made: bytes) -> None:
    """A link to another package's copyright is followed; one to nowhere is said."""
    row = next(one for one in json.loads(made)["packages"] if one["name"] == "libgone1")
    assert row["licenseDeclared"] == "NOASSERTION"
    assert (
        row["licenseComments"] == "the copyright file is in package libelsewhere, which is not here"
    )


def test_shape(made: bytes) -> None:
    """The document has the fields that SPDX 2.3 demands, and every reference leads somewhere."""
    whole = json.loads(made)
    assert whole["spdxVersion"] == "SPDX-2.3"
    assert whole["dataLicense"] == "CC0-1.0"
    assert whole["SPDXID"] == "SPDXRef-DOCUMENT"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", whole["documentNamespace"])
    identifiers = [one["SPDXID"] for one in whole["packages"]]
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in identifiers)
    for one in whole["packages"]:
        assert {"name", "SPDXID", "downloadLocation", "licenseDeclared", "copyrightText"} <= set(
            one
        )
        assert one["filesAnalyzed"] is False
    ends = {"SPDXRef-DOCUMENT", *identifiers}
    for link in whole["relationships"]:
        assert {link["spdxElementId"], link["relatedSpdxElement"]} <= ends
    assert {link["relatedSpdxElement"] for link in whole["relationships"]} == set(identifiers)
    used = set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", json.dumps(whole["packages"])))
    listed = {one["licenseId"] for one in whole["hasExtractedLicensingInfos"]}
    assert used == listed
    assert all(one["extractedText"] for one in whole["hasExtractedLicensingInfos"])
