"""What of a finished version the audit sees: the files of root, initrd and boot partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build import audit
from skyrocket.build.image import disk, modules
from skyrocket.build.image.entries import Entry, with_parents
from skyrocket.models.slots import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.build.definitions import Definition
    from skyrocket.build.image.build import Version


def review(
    checkout: Path,
    definition: Definition,
    version: Version,
    initrd: list[Entry],
    loader: Path,
) -> None:
    """Raise AuditError with all findings in VERSION, whose initrd holds the entries INITRD."""
    architecture = version.release.architecture
    listed = {
        program.path.lstrip("/")
        for package in definition.packages.values()
        for program in package.executables
    }
    read = {name: (version.boot / name).read_bytes() for name in ("kernel", "initrd", "cmdline")}
    parts = audit.Parts(
        version.entries,
        initrd,
        boot_files(version, loader, architecture),
        audit.Expected(read["kernel"], read["initrd"], read["cmdline"]),
        {name.replace("-", "_") for name in modules.listed(checkout, "kernel", architecture)},
    )
    audit.audit_version(checkout, definition.name, architecture, listed, parts)


def boot_files(version: Version, loader: Path, architecture: str) -> list[Entry]:
    """What ESP and boot partition hold, as entries of one tree."""
    files: dict[str, Path | bytes] = dict(disk.esp_files(loader, architecture))
    files[f"{FOLDER}/{version.slot().name}"] = version.boot / "uki.efi"
    return with_parents(
        Entry(path, "file", 0o644, "boot", content=content) for path, content in files.items()
    )
