"""What an update costs: bytes on the line, seconds beside dd and sha256sum, memory.

Versions are made of this checkout: one of which two lines of ours changed, one with another leaf
package, one with another zlib, which is linked into our programs, the initrd's among them. Every
byte of a package's files is turned into another one, which keeps how well they compress: no rebuilt
package differs more. Each version is published, served on loopback, and taken by the node's sealed
code on a disk of files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, cast

from measure import builds, here
from measure.here import MeasureError
from measure.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyrocket.build.image.build import Version
    from skyrocket.build.image.entries import Entry
    from skyrocket.publish.store import Store
    from skyrocket.sandbox import Sandbox

INSIDE = Path(__file__).with_name("update_inside.py")
MODULE = "skyrocket.bench_update"
SHARED = Path("src/skyrocket/models/__init__.py")
"""Every program of ours has it: the host's, the client, and the initrd's."""
LEAF, LINKED = "runc", "zlib1g"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
OTHER = bytes(value ^ 0x55 for value in range(256))
NEEDED = (
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libz.so.1",
    "libssl.so.3",
    "libcrypto.so.3",
    "libzstd.so.1",
)

Figures = dict[str, object]


class Made(NamedTuple):
    """The version before, and what changed in those after it."""

    base: Version
    after: dict[str, Version]


def measure(rounds: int) -> Figures:
    here.open_rooms("publish")
    with tempfile.TemporaryDirectory(prefix="bench-update-", dir="/var/tmp") as name:
        work = Path(name)
        made = _versions(work)
        program = _program(work)
        found: Figures = {}
        for change, version in made.after.items():
            with _published(work / change, version) as served:
                found[change] = _delta(program, served, work / change, made.base, version)
        first = next(iter(made.after.values()))
        with _published(work / "full", first) as served:
            found |= _full(program, served, work / "full", first, rounds)
        return found


def _versions(work: Path) -> Made:
    from skyrocket.build import definitions, tools
    from skyrocket.build import lock as locks
    from skyrocket.build.image import build
    from skyrocket.models.progress import Silent
    from skyrocket.sandbox import Sandbox

    checkout, silent = work / "checkout", Silent()
    here.copy_checkout(checkout)
    definition, lock = definitions.load(checkout, here.VARIANT), locks.read()
    pool = build.open_pool(lock, here.ARCHITECTURE, silent)
    before = build.describe(checkout, definition, here.ARCHITECTURE, lock)._replace(version="1.0.0")
    after = before._replace(version="1.1.0")
    tree = tools.tree(lock, silent)

    def make(release: object, box: Sandbox, changed: tuple[Entry, ...] = ()) -> Version:
        return build.make_version(
            checkout, definition, pool, release, box, silent, changed=changed  # type: ignore[arg-type]
        )  # fmt: skip

    sandbox = Sandbox(tree)
    print("  make the version before", flush=True)
    base = make(before, sandbox)
    found = {}
    print(f"  make a version with another {LEAF}, and one with another {LINKED}", flush=True)
    found["leaf"] = make(after, sandbox, _other(base.entries, LEAF))
    other = _other_library(tree, work)
    found["linked"] = make(after, other, _other(base.entries, LINKED))
    print("  make a version of which two lines of ours changed", flush=True)
    now = int(time.time())
    line = checkout / builds.LINE
    builds.change(line, line.read_text(encoding="utf-8"), now)
    with (checkout / SHARED).open("a", encoding="utf-8") as file:
        file.write(f"MEASURED = {now}\n")
    found["own"] = make(after, sandbox)
    return Made(base, found)


def _other(entries: list[Entry], package: str) -> tuple[Entry, ...]:
    """The files of PACKAGE with every byte another one."""
    found = tuple(
        entry._replace(content=entry.read().translate(OTHER))
        for entry in entries
        if entry.origin == f"debian:{package}" and entry.kind == "file"
    )
    if not found:
        raise MeasureError(f"cannot change {package}: the image has no file of it")
    return found


def _other_library(tree: Path, work: Path) -> Sandbox:
    """The tools, with a zlib to link that is a little longer in the middle."""
    from skyrocket.sandbox import Mount, Sandbox

    folder, library = work / "libraries", work / "library"
    shutil.copytree(tree / LIBRARIES, folder, symlinks=True, copy_function=_link)
    library.mkdir()
    shutil.copy2(tree / LIBRARIES / "libz.a", library)
    shared = [Mount(library, "/out", writable=True)]

    def run(*argv: str) -> None:
        Sandbox(tree).run(list(argv), mounts=shared, cwd="/out")

    for name in ("crc32.o", "inflate.o"):
        run("ar", "x", "libz.a", name)
        run("objcopy", "-O", "binary", "-j", ".text", name, "text")
        with (library / "text").open("ab") as file:
            file.write(b"\x90" * 640)
        run("objcopy", "--update-section", ".text=text", name)
        run("ar", "r", "libz.a", name)
    (folder / "libz.a").unlink()  # the other name of it is the tools' own
    shutil.copy2(library / "libz.a", folder)
    # The name stands for the tools among a step's inputs, and steps are kept.
    mark = hashlib.sha256((folder / "libz.a").read_bytes()).hexdigest()[:12]
    renamed = work / f"{tree.name}-{mark}"
    renamed.symlink_to(tree)

    class Other(Sandbox):
        def run(self, argv: list[str], **words: object) -> object:  # type: ignore[override]
            more = Mount(folder, f"/{LIBRARIES}")
            words["mounts"] = [more, *cast("list[Mount]", words.get("mounts", []))]
            return super().run(argv, **words)  # type: ignore[arg-type]

    return Other(renamed)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _program(work: Path) -> Sandbox:
    """A root with the sealed updater and the libraries it is linked with."""
    from skyrocket.build import lock, tools
    from skyrocket.build.image import programs
    from skyrocket.build.seal import parts, seal
    from skyrocket.build.seal.programs import HOST, HOST_PATH
    from skyrocket.fetch import places
    from skyrocket.models.progress import Silent
    from skyrocket.sandbox import Sandbox

    print("  seal the updater", flush=True)
    source, root = work / "source", work / "root"
    shutil.copytree(here.ROOT / "src/skyrocket", source / "skyrocket")
    shutil.copy2(INSIDE, source / f"{MODULE.replace('.', '/')}.py")
    tree = tools.tree(lock.read(), Silent())
    shop = parts.Workshop(
        Sandbox(tree), source=source, wheels=programs.host_wheels(here.ROOT, here.ARCHITECTURE),
        cache=places.folder("steps"),
    )  # fmt: skip
    program = HOST._replace(name="bench-update", module=MODULE)
    shutil.copytree(seal(shop, program), root)
    libraries = root / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    for name in NEEDED:
        shutil.copy(tree / "usr/lib/x86_64-linux-gnu" / name, libraries)
    (root / "usr/lib64").mkdir()
    shutil.copy(tree / "usr/lib64/ld-linux-x86-64.so.2", root / "usr/lib64")
    for name in ("lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / HOST_PATH.lstrip("/")).chmod(0o755)
    return Sandbox(root)


class Served(NamedTuple):
    store: Store
    base: str


@contextmanager
def _published(folder: Path, version: Version) -> Iterator[Served]:
    """A repository with VERSION, on loopback."""
    from skyrocket.models.releases import EMPTY, added
    from skyrocket.models.update import Images, Proof, Update
    from skyrocket.publish import repository, serve
    from skyrocket.publish.repository import Made as Publication
    from skyrocket.publish.store import Store

    folder.mkdir()
    store = Store(folder / "repo", folder / "keys", datetime.now(UTC))
    repository.init(store)
    files = {"boot": version.boot / "uki.efi", "root": version.root / "root.erofs",
             "hash": version.root / "root.verity"}  # fmt: skip
    update = Update(
        variant=here.VARIANT, arch=here.ARCHITECTURE, version=version.release.version,
        max_version=version.release.version, waves={}, images=Images(**{k: k for k in files}),
        proof=Proof(version.root_hash, "", "index"),
    )  # fmt: skip
    index = repository.index_of(files["boot"])
    repository.publish(store, added(EMPTY, update), Publication(update, files, {"index": index}))
    with serve.server(store.folder, 0) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Served(store, f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()


def _disk(folder: Path, base: Version | None) -> str:
    """A disk of files that runs BASE, or something that has nothing in common -> its root hash."""
    from skyrocket.models import slots

    shutil.rmtree(folder, ignore_errors=True)
    images = folder / "boot" / slots.FOLDER
    images.mkdir(parents=True)
    running = base.root_hash if base else "ee" * 32
    for place, name in ((2, "root.erofs"), (3, "root.verity")):
        if base:
            (folder / f"p{place}").symlink_to(base.root / name)
        else:
            (folder / f"p{place}").write_bytes(bytes(4096))
    kernel = images / slots.name_for(running)
    kernel.write_bytes((base.boot / "uki.efi").read_bytes() if base else b"nothing of it")
    for place in (4, 5):
        (folder / f"p{place}").touch()
    return running


def _run(program: Sandbox, served: Served, disk: Path, running: str, verb: str) -> Figures:
    from skyrocket.build.seal.programs import HOST_PATH
    from skyrocket.sandbox import Mount

    root = Mount(served.store.folder / "root.json", "/in/root.json")
    mounts = [root, Mount(disk, "/disk", writable=True)]
    for place in (2, 3):  # what the running version is linked to lies outside
        linked = disk / f"p{place}"
        if linked.is_symlink():
            target = linked.resolve()
            linked.unlink()
            linked.hardlink_to(target)
    argv = [HOST_PATH, served.base, "/in/root.json", "/disk", running, verb]
    said: Figures = json.loads(program.run(argv, mounts=mounts).stdout)
    return said


def _delta(
    program: Sandbox, served: Served, work: Path, base: Version, version: Version
) -> Figures:
    disk = work / "disk"
    said = _run(program, served, disk, _disk(disk, base), "apply")
    whole = sum(_bytes(version).values())
    received = cast("int", said["received"])
    return {
        "received_bytes": received,
        "whole_bytes": whole,
        "ratio": round(received / whole, 4),
        "blocks_kept_copied_fetched": said["blocks"],
    }


def _bytes(version: Version) -> dict[str, int]:
    files = (version.root / "root.erofs", version.root / "root.verity", version.boot / "uki.efi")
    return {file.name: file.stat().st_size for file in files}


def _full(program: Sandbox, served: Served, work: Path, version: Version, rounds: int) -> Figures:
    """Everything is fetched; then a look with nothing new. In turns with dd and sha256sum."""
    files = [version.root / "root.erofs", version.root / "root.verity", version.boot / "uki.efi"]
    source, disk = work / "whole", work / "disk"
    source.write_bytes(b"".join(file.read_bytes() for file in files))
    applied, plain, memory, busy = [], [], [], []
    received = 0
    for _ in range(rounds):
        plain.append(_plain(source, work / "target"))
        said = _run(program, served, disk, _disk(disk, None), "apply")
        applied.append(cast("float", said["seconds"]))
        busy.append(cast("float", said["processor_seconds"]))
        memory.append(cast("int", said["most_bytes"]) - cast("int", said["idle_bytes"]))
        received = cast("int", said["received"])
    look = _run(program, served, disk, "ee" * 32, "look")
    return {
        "full": {
            "received_bytes": received,
            "whole_bytes": source.stat().st_size,
            "apply_seconds": Samples(tuple(applied)).table(2),
            "apply_processor_seconds": Samples(tuple(busy)).table(2),
            "dd_and_sha256sum_seconds": Samples(tuple(plain)).table(2),
            "ratio": round(Samples(tuple(applied)).median / Samples(tuple(plain)).median, 2),
            "memory_above_idle_bytes": max(memory),
        },
        "look": {"received_bytes": look["received"]},
    }


def _plain(source: Path, target: Path) -> float:
    """Seconds of `dd conv=fsync` and `sha256sum` of the same bytes, on the same file system."""
    begin = time.monotonic()
    for argv in (
        ["dd", f"if={source}", f"of={target}", "bs=1M", "conv=fsync"],
        ["sha256sum", str(target)],
    ):
        subprocess.run(argv, check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
    took = time.monotonic() - begin
    target.unlink()
    return took
