"""The boot partition and the unified kernel image: nothing in them but what the build put there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.audit.model import Finding
from skyrocket.models import pe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.build.audit.image import Image

# The image's own parts, and those of the stub that carries them.
SECTIONS = frozenset(
    {".linux", ".initrd", ".cmdline", ".osrel", ".uname", ".sbat", ".text", ".rodata", ".data",
     ".reloc", ".sdmagic", ".dynamic", ".rela", ".dynsym", ".rdata", ".init_array", ".eh_frame",
     ".note", ".bss", ".got"}
)  # fmt: skip
REFUSED = ("init=", "rdinit=", "rd.break", "rd.shell", "systemd.debug", "systemd.unit=")
REFUSED_WORDS = frozenset({"single", "rescue", "emergency", "rw", "s", "1", "2", "3", "4", "5"})
WANTED = ("roothash=", "lockdown=", "module.sig_enforce=1", "systemd.import_credentials=no")


class Expected(NamedTuple):
    """The parts that went into the unified image."""

    kernel: bytes
    initrd: bytes
    command_line: bytes


def unified(image: Image, expected: Expected) -> Iterator[Finding]:
    """Unified images hold this kernel, this initrd, this command line, and no other section."""
    found = 0
    for entry in image.files():
        if image.facts[entry.path].kind != "efi":
            continue
        data = entry.read()
        sections = pe.parse(data)
        if sections.content(data, ".linux") is None:
            continue
        found += 1
        for part, wanted in (
            (".linux", expected.kernel),
            (".initrd", expected.initrd),
            (".cmdline", expected.command_line),
        ):
            held = sections.content(data, part)
            # The tool ends the command line with a zero byte.
            if held is None or (held != wanted and held.rstrip(b"\0") != wanted.rstrip(b"\0")):
                reason = f"its {part} is not the one of this build"
                yield _changed(image, entry.path, reason)
        for section in sections.sections:
            if section.name not in SECTIONS:
                yield _changed(image, entry.path, f"has a section {section.name}")
    if not found:
        yield _changed(image, "EFI/Linux", "there is no unified kernel image")


def command_line(image: Image, text: str) -> Iterator[Finding]:
    """No argument starts something else, and those that protect the node are there."""
    words = text.split()
    way = "change `kernel-arguments` in the variant's files"
    for word in words:
        if word.startswith(REFUSED) or word in REFUSED_WORDS:
            reason = f"the kernel's argument {word} starts something else than the node"
            yield Finding(image.part, "EFI/Linux", "command-line", reason, way)
    for wanted in WANTED:
        if not any(word.startswith(wanted) for word in words):
            reason = f"the kernel's argument {wanted} is missing"
            yield Finding(image.part, "EFI/Linux", "command-line", reason, way)


def only_boot_files(image: Image) -> Iterator[Finding]:
    """Programs of the firmware and the loader's configuration, nothing else."""
    for path, facts in image.facts.items():
        if facts.kind not in ("efi", "text"):
            reason = f"is {facts.kind}: the firmware has no use for it"
            yield Finding(image.part, path, "boot-file", reason, "leave it out")


def _changed(image: Image, path: str, reason: str) -> Finding:
    way = "build the image again from an empty cache: ./skyrocket clean, then build"
    return Finding(image.part, path, "unified-image", reason, way)
