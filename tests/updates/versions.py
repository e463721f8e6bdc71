"""What a recorded update is made of: a disk with two versions, a third one, and who serves it.

    root-a  1.0.0, good already: it runs
    root-b  0.9.0, on trial and older: the loader takes it last, the update replaces it
    served  1.1.0

All of them believe one repository, whose keys stay in the cache, so that they are made once.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build import definitions, tools
from skyrocket.build import lock as locks
from skyrocket.build.image import build
from skyrocket.cli.checkout import LOCK, ROOT
from skyrocket.fetch import places
from skyrocket.models.progress import Silent
from skyrocket.publish import repository, serve
from skyrocket.publish.store import Store
from skyrocket.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VARIANT, ARCHITECTURE = "vm-dev", "x86_64"
PAST, OLD, NEW = "0.9.0", "1.0.0", "1.1.0"
LABEL = "updated"


class Versions(NamedTuple):
    """The image of the disk, the manifest of what is served, and the kernel images of all."""

    image: build.Built
    manifest: Path
    kernels: dict[str, Path]  # by version


def trusted() -> bytes:
    """The root of the repository."""
    folder = places.folder("tests") / "update-root"
    if not (folder / "root.json").is_file():
        repository.init(Store(folder, _keys(), datetime.now(UTC)))
    return (folder / "root.json").read_bytes()


def make() -> Versions:
    """Build what is not built yet."""
    report = Silent()
    root = trusted()
    new = build.build(ROOT, VARIANT, ARCHITECTURE, report, edition=build.Edition(NEW, root))
    definition = definitions.load(ROOT, VARIANT)
    lock = locks.read(LOCK)
    sandbox = Sandbox(tools.tree(lock, report))
    pool = build.open_pool(lock, ARCHITECTURE, report)
    made = []
    for number in (OLD, PAST):
        edition = build.Edition(number, root)
        release = edition.of(build.describe(ROOT, definition, ARCHITECTURE, lock))
        made.append(
            build.make_version(
                ROOT, definition, pool, release, sandbox, report, added=edition.entries()
            )
        )
    image = build.make_image(ROOT, definition, lock, tuple(made), sandbox, report, label=LABEL)
    kernels = {each.release.version: each.boot / "uki.efi" for each in made}
    kernels[NEW] = new.folder / "uki.efi"
    return Versions(image, new.folder / "manifest.json", kernels)


@contextmanager
def served(versions: Versions, folder: Path) -> Iterator[int]:
    """A repository in FOLDER with the new version -> its port on loopback."""
    store = Store(folder, _keys(), datetime.now(UTC))
    (folder / "metadata").mkdir(parents=True)
    for path in (folder / "root.json", folder / "metadata/1.root.json"):
        path.write_bytes(trusted())
    repository.refresh(store)
    repository.add(store, versions.manifest)
    with serve.server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _keys() -> Path:
    return places.folder("tests") / "update-keys"
