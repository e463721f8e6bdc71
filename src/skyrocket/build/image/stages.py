"""The image's steps with their inputs: what must change for a step to be made again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.build import step
from skyrocket.build.image import (
    disk,
    initrd,
    modules,
    root,
    selinux,
    uki,
)
from skyrocket.fetch import places

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from skyrocket.build.image.contents import Release
    from skyrocket.build.image.entries import Entry
    from skyrocket.build.image.modules import Kernel
    from skyrocket.models.disk import Layout
    from skyrocket.models.signing import Authority
    from skyrocket.sandbox import Sandbox


def _run(sandbox: Sandbox, name: str, inputs: dict[str, object], make: object) -> Path:
    """A step whose identity also covers the tools and this room's code."""
    whole = {"tools": sandbox.root.name, "code": step.digest_tree(Path(__file__).parent), **inputs}
    return step.run(places.folder("steps"), name, whole, make)  # type: ignore[arg-type]


def make_modules(sandbox: Sandbox, kernel: Kernel, paths: Sequence[str]) -> Path:
    """A root tree with the modules at PATHS, what they depend on, and depmod's indexes."""

    def make(folder: Path) -> None:
        modules.unpack(kernel, paths, folder / modules.FOLDER / kernel.release)
        modules.index(sandbox, kernel, folder)
        if unsigned := modules.unsigned(folder):
            raise ValueError(f"modules without a signature: {', '.join(unsigned)}")

    return _run(sandbox, "modules", {"kernel": source(kernel.image), "paths": list(paths)}, make)


def make_policy(sandbox: Sandbox, checkout: Path, packages: Container[str]) -> Path | None:
    """A folder with the compiled SELinux policy and its file contexts; none without its package."""
    sources = checkout / "packages/selinux/policy"
    if "selinux" not in packages:
        return None

    def make(folder: Path) -> None:
        selinux.compile_sources(sandbox, sources, folder)

    return _run(sandbox, "policy", {"sources": step.digest_tree(sources, ("*.cil",))}, make)


def make_root(
    sandbox: Sandbox, entries: Sequence[Entry], epoch: int, label: str = ""
) -> tuple[Path, root.Verity]:
    """A folder with root.erofs and root.verity, and what the proof says."""
    theirs, ours = root.parts(entries)
    base = _base(sandbox, theirs, epoch, label)

    def make(folder: Path) -> None:
        root.make_erofs(sandbox, base / "root.erofs", ours, folder, epoch, label)
        proof = root.make_verity(sandbox, folder / "root.erofs", folder)
        (folder / "root.hash").write_text(proof.root_hash)

    inputs: dict[str, object] = {"base": base.name, "entries": _rows(ours)}
    folder = _run(sandbox, "root", inputs, make)
    sizes = [(folder / name).stat().st_size for name in ("root.erofs", "root.verity")]
    return folder, root.Verity((folder / "root.hash").read_text(), *sizes)


def _base(sandbox: Sandbox, entries: Sequence[Entry], epoch: int, label: str) -> Path:
    """A folder with root.erofs, as yet without what is ours."""

    def make(folder: Path) -> None:
        root.make_base(sandbox, entries, folder, epoch, label)

    inputs: dict[str, object] = {"entries": _rows(entries), "epoch": epoch, "label": label}
    return _run(sandbox, "base", inputs, make)


def _rows(entries: Sequence[Entry]) -> list[list[object]]:
    return [[e.path, e.kind, e.mode, e.link, e.uid, e.gid, e.label, source(e)] for e in entries]


def initrd_entries(init: Path, module_folder: Path) -> list[Entry]:
    """All paths of the initrd: our program, its modules, and the indexes that it reads."""
    wanted = [
        entry
        for entry in modules.entries(module_folder, "debian:kernel")
        if entry.path.endswith((".ko", "modules.dep", "modules.alias", "modules.softdep"))
    ]
    return initrd.contents(init, wanted)


def make_initrd(sandbox: Sandbox, init: Path, module_folder: Path) -> Path:
    """The compressed initrd."""

    def make(folder: Path) -> None:
        packed = [initrd.archive(p) for p in initrd.parts(initrd_entries(init, module_folder))]
        compressed = [initrd.compress(sandbox, archive) for archive in packed]
        (folder / "initrd").write_bytes(initrd.joined(*compressed))

    inputs: dict[str, object] = {"init": step.digest(init), "modules": module_folder.name}
    return _run(sandbox, "initrd", inputs, make) / "initrd"


def make_boot(
    sandbox: Sandbox, kernel: Kernel, image: Path, command_line: str, policy: str, release: Release
) -> Path:
    """A folder with kernel, initrd, cmdline, os-release, and the unified image of them all."""

    def make(folder: Path) -> None:
        (folder / "kernel").write_bytes(kernel.image.read())
        expected = initrd.archive(initrd.expectation(command_line, policy))
        (folder / "initrd").write_bytes(initrd.joined(image.read_bytes(), expected))
        (folder / "cmdline").write_text(command_line)
        (folder / "os-release").write_bytes(release.os_release())
        uki.make(sandbox, folder, release.architecture, kernel.release)

    inputs: dict[str, object] = {
        "kernel": source(kernel.image),
        "initrd": image.parent.name,
        "command line": command_line,
        "outside words": policy,
        "release": list(release),
    }
    return _run(sandbox, "boot", inputs, make)


def sign_boot(sandbox: Sandbox, boot: Path, authority: Authority) -> Path:
    """What `make_boot` made, its unified image signed."""
    from skyrocket.build.signing import authenticode  # loads a library that most builds need not

    def make(folder: Path) -> None:
        for part in boot.iterdir():
            if part.name != "uki.efi":
                (folder / part.name).hardlink_to(part)
        signed = authenticode.sign((boot / "uki.efi").read_bytes(), authority.signer)
        (folder / "uki.efi").write_bytes(signed)

    return _run(sandbox, "signed-boot", {"boot": boot.name, **_signed_by(authority)}, make)


def make_loader(sandbox: Sandbox, architecture: str, authority: Authority | None) -> Path:
    """The boot loader: the package's own file, or one that is signed."""
    plain = sandbox.root / uki.EFI_FOLDER / uki.LOADER[architecture]
    if authority is None:
        return plain
    from skyrocket.build.signing import authenticode

    def make(folder: Path) -> None:
        signed = authenticode.sign(plain.read_bytes(), authority.signer)
        (folder / plain.name).write_bytes(signed)

    inputs: dict[str, object] = {"loader": plain.name, **_signed_by(authority)}
    return _run(sandbox, "signed-loader", inputs, make) / plain.name


def _signed_by(authority: Authority) -> dict[str, str]:
    """What stands for a key among a step's inputs: never more than its certificate's print."""
    code = step.digest_tree(Path(__file__).parents[1] / "signing")
    return {"certificate": authority.fingerprint, "signing code": code}


def make_disk(
    sandbox: Sandbox, plan: Layout, slots: Sequence[disk.Slot], loader: Path, architecture: str
) -> Path:
    """A folder with disk.raw."""

    def make(folder: Path) -> None:
        disk.make(sandbox, plan, slots, folder, disk.esp_files(loader, architecture))

    inputs: dict[str, object] = {
        "layout": [[p.label, p.kind, p.offset, p.size] for p in plan.parts],
        "slots": [[slot.root_hash, slot.uki.parent.name, slot.name] for slot in slots],
        "loader": [loader.parent.name, architecture],
    }
    return _run(sandbox, "disk", inputs, make)


def source(entry: Entry) -> str:
    """What stands for an entry's content: a path below the cache names its content's hash there.

    Only our own files, a few, are read for it.
    """
    if entry.kind != "file":
        return ""
    if isinstance(entry.content, bytes):
        return step.identity("bytes", {"data": entry.content.hex()})
    cache = places.cache()
    for room in ("unpacked", "steps"):
        if entry.content.is_relative_to(cache / room):
            return str(entry.content.relative_to(cache))
    return step.digest(entry.content)
