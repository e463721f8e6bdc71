"""What a file must not be: foreign code, packed content, an unlisted program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.audit.model import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from skyrocket.build.audit.image import Image

REMOVE = "leave it out: no package of the variant may include it"
_FORBIDDEN = {
    "script": ("script", "an interpreter would have to run it: {detail}"),
    "bytecode": ("bytecode", "code for a virtual machine: {detail}"),
    "object": ("object", "compiled code that is not linked, a compiler's food"),
    "archive": ("archive", "its content ({detail}) cannot be seen by the audit"),
}


def fingerprints(image: Image) -> Iterator[Finding]:
    """Shells, interpreters, compilers, package managers."""
    for path, facts in image.facts.items():
        for mark in facts.marks:
            reason = f"is {mark.what}: {mark.evidence}"
            yield Finding(image.part, path, mark.rule, reason, REMOVE)


def forbidden(image: Image, architecture: str) -> Iterator[Finding]:
    """Kinds that belong in no part of an image, and programs of another machine."""
    for path, facts in image.facts.items():
        if facts.kind in _FORBIDDEN:
            rule, words = _FORBIDDEN[facts.kind]
            yield Finding(image.part, path, rule, words.format(detail=facts.detail), REMOVE)
        if facts.kind == "efi" and image.part != "boot":
            reason = "a program of the firmware outside the boot partition"
            yield Finding(image.part, path, "efi", reason, REMOVE)
        if facts.kind in ("program", "library", "module") and facts.detail != architecture:
            reason = f"code for {facts.detail}, not for {architecture}"
            yield Finding(image.part, path, "foreign-machine", reason, REMOVE)
        if facts.detail == "private key":
            reason = "holds a private key, which everybody who has the image would have"
            yield Finding(image.part, path, "secret", reason, REMOVE)


def modules(image: Image) -> Iterator[Finding]:
    """Kernel modules carry the kernel's signature and lie where it looks for them."""
    for path, facts in image.facts.items():
        named = path.endswith((".ko", ".ko.xz", ".ko.zst", ".ko.gz"))
        if facts.kind == "module" and not facts.signed:
            reason = "a kernel module without a signature at its end"
            way = "take the file as the kernel's package brings it: stripping removes a signature"
            yield Finding(image.part, path, "unsigned-module", reason, way)
        if facts.kind == "module" and not (named and path.startswith("usr/lib/modules/")):
            reason = "a kernel module where none belongs"
            yield Finding(image.part, path, "hidden-module", reason, REMOVE)
        if named and facts.kind != "module":
            reason = f"has a kernel module's name and is {facts.kind}"
            yield Finding(image.part, path, "hidden-module", reason, REMOVE)


def unlisted_modules(image: Image, listed: Collection[str]) -> Iterator[Finding]:
    """Every kernel module is in packages/kernel/modules.txt, also one that another pulls in."""
    way = "add it to packages/kernel/modules.txt, or leave out what depends on it"
    for path, facts in image.facts.items():
        name = path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
        if facts.kind == "module" and name not in listed:
            yield Finding(image.part, path, "unlisted-module", "a kernel module nobody lists", way)


def unlisted(image: Image, listed: Collection[str]) -> Iterator[Finding]:
    """Every program, wherever it lies and whatever its mode, has a line that says why.

    The mode does not count: the dynamic loader starts a program that has no x bit as well.
    """
    way = "add an [[executables]] line that says who starts it and why, or leave it out"
    for path, facts in image.facts.items():
        if facts.kind == "program" and path not in listed:
            yield Finding(image.part, path, "unlisted", "a program in no package's list", way)
        executable = image.entries[path].mode & 0o111
        if executable and facts.kind not in ("program", "library", "script", "efi"):
            reason = f"has an x bit and is {facts.kind}"
            yield Finding(image.part, path, "x-bit", reason, "take its x bits away")
