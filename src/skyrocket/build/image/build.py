"""Build a variant: the straight line from definitions to a disk image, as a table of contents."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from skyrocket.build import definitions, sbom, step, tools
from skyrocket.build import lock as locks
from skyrocket.build.image import (
    contents,
    convert,
    disk,
    modules,
    programs,
    selinux,
    stages,
)
from skyrocket.build.image.errors import ContentsError
from skyrocket.build.image.manifest import describe_image
from skyrocket.build.image.review import review
from skyrocket.build.image.selection import DebianTree, Pool
from skyrocket.fetch import places
from skyrocket.models import command_line
from skyrocket.models.definition import DEBIAN_ARCHITECTURE, MULTIARCH, Sizes
from skyrocket.models.disk import MIB, Layout, layout
from skyrocket.models.disk import Sizes as DiskSizes
from skyrocket.models.slots import name_for
from skyrocket.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.build.definitions import Definition
    from skyrocket.build.image.contents import Release
    from skyrocket.build.image.entries import Entry
    from skyrocket.build.lock import Lock
    from skyrocket.models.manifest import Manifest
    from skyrocket.models.progress import Reporter
    from skyrocket.models.signing import Authority, Enrolment

SIGNED = "signed"
"""In the name of a signed image's folder, so that it never takes an unsigned one's place."""
OURS = (
    "packages/**/*",
    "variants/**/*",
    "requirements/host.txt",
    *(f"src/skyrocket/{room}/**/*.py" for room in ("client", "host", "migrations", "models")),
)
"""What of a checkout goes into a node: patterns of files."""
BOOT_FILES = ("kernel", "initrd", "cmdline", "os-release", "uki.efi")


class Built(NamedTuple):
    """A finished image: its folder (see docs/contracts.md) and its facts, with absolute paths."""

    folder: Path
    facts: Manifest


class Second(NamedTuple):
    """A second version for slot B: LABEL names the image, CHANGED replaces or adds root files."""

    version: str
    label: str
    changed: tuple[Entry, ...] = ()


class Version(NamedTuple):
    """Everything one slot needs: folders of finished steps, and what is inside the root."""

    release: Release
    root: Path
    boot: Path
    root_hash: str
    entries: list[Entry]

    def slot(self, tries: int | None = None) -> disk.Slot:
        """The version as it lies on a disk: good already, or on trial for so many boots."""
        return disk.Slot(
            self.root / "root.erofs",
            self.root / "root.verity",
            self.boot / "uki.efi",
            self.root_hash,
            name_for(self.root_hash, tries),
        )


def build(
    checkout: Path,
    name: str,
    architecture: str,
    report: Reporter,
    authority: Authority | None = None,
) -> Built:
    """Build variant NAME for ARCHITECTURE, signed by AUTHORITY if there is one.

    Raises the errors of the rooms it passes through.
    """
    definition = definitions.load(checkout, name)
    lock = locks.read(checkout / "packages.lock")
    sandbox = Sandbox(tools.tree(lock, report))
    pool = open_pool(lock, architecture, report)
    release = describe(checkout, definition, architecture, lock)
    version = make_version(checkout, definition, pool, release, sandbox, report, authority)
    return make_image(checkout, definition, lock, (version,), sandbox, report, authority)


def build_pair(
    checkout: Path,
    name: str,
    architecture: str,
    report: Reporter,
    second: Second,
    authority: Authority | None = None,
) -> Built:
    """Like `build`, with a second version in slot B that gets one try at the first boot."""
    definition = definitions.load(checkout, name)
    lock = locks.read(checkout / "packages.lock")
    sandbox = Sandbox(tools.tree(lock, report))
    pool = open_pool(lock, architecture, report)
    release = describe(checkout, definition, architecture, lock)
    newer = release._replace(version=second.version)
    versions = (
        make_version(checkout, definition, pool, release, sandbox, report, authority),
        make_version(checkout, definition, pool, newer, sandbox, report, authority, second.changed),
    )
    return make_image(
        checkout, definition, lock, versions, sandbox, report, authority, second.label
    )


def open_pool(lock: Lock, architecture: str, report: Reporter) -> Pool:
    """Fetch and unpack the image set of the lock."""
    debian = DEBIAN_ARCHITECTURE[architecture]
    files = locks.fetch(lock, "image", debian, report)
    report.step(f"unpack {len(files)} packages of the image")
    unpacked = locks.unpack_all(files, lambda done, total: report.advance(done, total, "packages"))
    names = [package.name for package in lock.select("image", debian)]
    return Pool(
        DebianTree(name, one.tree, one.members) for name, one in zip(names, unpacked, strict=True)
    )


def describe(checkout: Path, definition: Definition, architecture: str, lock: Lock) -> Release:
    """Version from pyproject.toml; the build's name from what goes in, so it is reproducible."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    inputs = {
        "lock": [p.sha256 for p in lock.select("image", DEBIAN_ARCHITECTURE[architecture])],
        "ours": step.digest_tree(checkout, OURS),
    }
    moment = datetime.strptime(lock.snapshot, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return contents.Release(
        definition.name,
        project["project"]["version"],
        step.identity("build", inputs).rpartition("-")[2][:8],
        architecture,
        int(moment.timestamp()),
    )


def make_version(
    checkout: Path,
    definition: Definition,
    pool: Pool,
    release: Release,
    sandbox: Sandbox,
    report: Reporter,
    authority: Authority | None = None,
    changed: tuple[Entry, ...] = (),
) -> Version:
    """Programs, modules, root with its proof, initrd and kernel image of one version."""
    mistakes: list[str] = []
    report.step("seal our programs")
    ours = programs.make(checkout, release.architecture, sandbox)
    report.step("choose the files of the root")
    kernel = modules.find(pool, mistakes)
    if kernel is None:
        raise ContentsError(definition.name, mistakes)
    names = {p: modules.listed(checkout, p, release.architecture) for p in ("kernel", "initrd")}
    chosen = modules.by_name(kernel, "kernel", names["kernel"], mistakes)
    early = modules.by_name(kernel, "initrd", names["initrd"], mistakes)
    late_folder = stages.make_modules(sandbox, kernel, chosen)
    rules = stages.make_policy(sandbox, checkout, definition.packages)
    made = [*ours.entries(), *modules.entries(late_folder, kernel.image.origin)]
    entries = contents.compose(
        checkout,
        definition,
        pool,
        release,
        [*made, *selinux.entries(rules)],
        MULTIARCH[release.architecture],
        mistakes,
    )
    if mistakes:
        raise ContentsError(definition.name, mistakes)
    if changed:
        replaced = {entry.path: entry for entry in (*entries, *changed)}
        entries = [replaced[path] for path in sorted(replaced)]
    report.step("make the root file system and its proof")
    entries, top = selinux.labelled(entries, rules)
    root, proof = stages.make_root(sandbox, entries, release.epoch, top)
    report.step("make the initrd and the kernel image")
    arguments = (*definition.variant.kernel_arguments, f"roothash={proof.root_hash}")
    early_folder = stages.make_modules(sandbox, kernel, early)
    initrd = stages.make_initrd(sandbox, ours.init, early_folder)
    initrd_entries = stages.initrd_entries(ours.init, early_folder)
    # What is signed is not weakened from outside; what is not signed could be replaced whole.
    policy = command_line.REFUSE if authority else command_line.REPORT
    boot = stages.make_boot(sandbox, kernel, initrd, " ".join(arguments), policy, release)
    if authority:
        boot = stages.sign_boot(sandbox, boot, authority)
    version = Version(release, root, boot, proof.root_hash, entries)
    if not changed:  # a version that was broken on purpose would not pass
        report.step("audit every file")
        loader = stages.make_loader(sandbox, release.architecture, authority)
        review(checkout, definition, version, initrd_entries, loader)
    return version


def make_image(
    checkout: Path,
    definition: Definition,
    lock: Lock,
    versions: tuple[Version, ...],
    sandbox: Sandbox,
    report: Reporter,
    authority: Authority | None = None,
    label: str = "",
) -> Built:
    """The disk image with one version, or two (the second in slot B), and what describes it."""
    report.step("make the disk image")
    first = versions[0]
    plan = disk_layout(definition.variant.sizes or Sizes(), first.release.architecture)
    slots = [first.slot(), *(version.slot(tries=1) for version in versions[1:])]
    architecture = first.release.architecture
    loader = stages.make_loader(sandbox, architecture, authority)
    made = stages.make_disk(sandbox, plan, slots, loader, architecture)
    labels = [*([SIGNED] if authority else []), *([label] if label else [])]
    name = "+".join([f"{definition.name}-{architecture}", *labels])
    folder = places.folder("images") / name
    facts = describe_image(definition, lock, first, plan, authority)
    enrolment = authority.enrolment if authority else None
    publish(folder, made, first, facts, bill(checkout, lock, facts), enrolment)
    return Built(folder, facts.located(str(folder)))


def disk_layout(sizes: Sizes, architecture: str) -> Layout:
    wanted = DiskSizes(
        sizes.root * MIB, esp=sizes.esp * MIB, boot=sizes.boot * MIB, private=sizes.private * MIB
    )
    return layout(wanted, DEBIAN_ARCHITECTURE[architecture])


def bill(checkout: Path, lock: Lock, facts: Manifest) -> bytes:
    """The text of sbom.spdx.json."""
    debian = DEBIAN_ARCHITECTURE[facts.architecture]
    packages = [*lock.select("image", debian), *lock.select("tools", tools.ARCHITECTURE)]
    copyrights = sbom.Copyrights(places.folder("unpacked"), packages)
    folder = programs.host_wheels(checkout, facts.architecture)
    wheels = sbom.wheels(checkout, facts.architecture, folder)
    return sbom.document(facts, lock, debian, copyrights, wheels)


def publish(
    folder: Path,
    disk_step: Path,
    version: Version,
    facts: Manifest,
    materials: bytes,
    enrolment: Enrolment | None = None,
) -> None:
    """Show the steps' results under their lasting names; links, so it costs nothing.

    The manifest comes last: a folder that has one is complete.
    """
    shown = {"disk.raw": disk_step / "disk.raw"}
    shown |= {name: version.root / name for name in ("root.erofs", "root.verity")}
    shown |= {name: version.boot / name for name in BOOT_FILES}
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    for name, source in shown.items():
        target = folder / name
        target.unlink(missing_ok=True)
        target.hardlink_to(source)
    (folder / convert.QCOW2).unlink(missing_ok=True)
    (folder / "sbom.spdx.json").write_bytes(materials)
    for name, certificate in (enrolment.files() if enrolment else {}).items():
        (folder / name).write_bytes(certificate)
    manifest.write_bytes(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")
