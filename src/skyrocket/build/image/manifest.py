"""The manifest of an image, from its definition, lock and contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.image import contents
from skyrocket.models.manifest import Manifest, Partition, Program

if TYPE_CHECKING:
    from skyrocket.build.definitions import Definition
    from skyrocket.build.image.build import Version
    from skyrocket.build.lock import Lock
    from skyrocket.models.disk import Layout
    from skyrocket.models.signing import Authority


def describe_image(
    definition: Definition,
    lock: Lock,
    version: Version,
    plan: Layout,
    authority: Authority | None = None,
) -> Manifest:
    """The facts of an image whose first slot holds VERSION."""
    used = {e.origin.partition(":")[2] for e in version.entries if e.origin.startswith("debian:")}
    release = version.release
    reasons = {e.path.lstrip("/"): e for p in definition.packages.values() for e in p.executables}
    programs = [
        Program(f"/{e.path}", e.size(), reasons[e.path].started_by, reasons[e.path].why)
        for e in contents.executables(version.entries)
    ]
    debian = {"x86_64": "amd64", "aarch64": "arm64"}[release.architecture]
    return Manifest(
        variant=definition.name,
        version=release.version,
        build_id=release.build,
        architecture=release.architecture,
        image="disk.raw",
        manifest="manifest.json",
        sbom="sbom.spdx.json",
        root_hash=version.root_hash,
        root_bytes=(version.root / "root.erofs").stat().st_size,
        hash_bytes=(version.root / "root.verity").stat().st_size,
        uki_bytes=(version.boot / "uki.efi").stat().st_size,
        uki_name=version.slot().name,
        executables=len(programs),
        programs=programs,
        packages={p.name: p.version for p in lock.select("image", debian) if p.name in used},
        partitions=[Partition(p.label, p.offset, p.size, p.kind) for p in plan.parts],
        kernel_arguments=list(definition.variant.kernel_arguments),
        secure_boot=authority.fingerprint if authority else False,
    )
