"""The kernel's modules: find the listed, follow dependencies, unpack, and index with depmod.

A module's bytes are never changed (its signature is part of them); only the archive's
compression is taken off, because the file systems compress them better together.
"""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.image.entries import Entry
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from skyrocket.build.image.selection import Pool

SIGNED = b"~Module signature appended~\n"
FOLDER = "usr/lib/modules/"


class Kernel(NamedTuple):
    """The kernel of the locked packages: its release and where its parts are in the pool."""

    release: str
    image: Entry
    modules: dict[str, Entry]  # by path relative to the module folder: kernel/fs/…/x.ko.xz
    indexes: dict[str, Entry]  # modules.builtin, modules.order, …


def find(pool: Pool, mistakes: list[str]) -> Kernel | None:
    """The one kernel in the pool."""
    images = pool.match("/boot/vmlinuz-*")
    if len(images) != 1:
        mistakes.append(f"locked packages: {len(images)} kernels, expected one")
        return None
    release = images[0].path.removeprefix("boot/vmlinuz-")
    prefix = f"{FOLDER}{release}/"
    inside = {p.removeprefix(prefix): e for p, e in pool.entries.items() if p.startswith(prefix)}
    return Kernel(
        release,
        images[0],
        {p: e for p, e in inside.items() if p.startswith("kernel/")},
        {p: e for p, e in inside.items() if p.startswith("modules.")},
    )


def listed(checkout: Path, package: str, architecture: str) -> list[str]:
    """Names in the PACKAGE's modules.txt: one a line, `@ARCHITECTURE` behind some."""
    text = (checkout / f"packages/{package}/modules.txt").read_text(encoding="utf-8")
    rows = [line.partition("#")[0].split() for line in text.splitlines()]
    return [row[0] for row in rows if row and row[1:] in ([], [f"@{architecture}"])]


def by_name(kernel: Kernel, package: str, names: Iterable[str], mistakes: list[str]) -> list[str]:
    """Paths of the modules NAMES of a PACKAGE; what the kernel has built in needs no file."""
    known = {module_name(path): path for path in kernel.modules}
    builtin = {
        module_name(line) for line in kernel.indexes["modules.builtin"].read().decode().splitlines()
    }
    found = []
    for name in names:
        plain = name.replace("-", "_")
        if plain in known:
            found.append(known[plain])
        elif plain not in builtin:
            mistakes.append(f"{package}/modules.txt: {name} is no module of {kernel.release}")
    return found


def module_name(path: str) -> str:
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def unpack(kernel: Kernel, paths: Iterable[str], target: Path) -> dict[str, str]:
    """Write the modules at PATHS and all they depend on below TARGET; name -> relative path."""
    known = {module_name(path): path for path in kernel.modules}
    waiting, done = [module_name(path) for path in paths], dict[str, str]()
    while waiting:
        name = waiting.pop()
        if name in done or name not in known:  # not known: built in
            continue
        packed = kernel.modules[known[name]].read()
        data = lzma.decompress(packed) if known[name].endswith(".xz") else packed
        done[name] = known[name].removesuffix(".xz")
        file = target / done[name]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        waiting += dependencies(data)
    return done


def dependencies(data: bytes) -> list[str]:
    """Names in the `depends=` (and soft `pre:`) lines of a module's .modinfo section."""
    found: list[str] = []
    for text in (b"\0depends=", b"\0softdep=pre: "):
        at = data.find(text)
        if at >= 0:
            value = data[at + len(text) : data.index(b"\0", at + len(text))].decode()
            found += [name for name in value.replace(",", " ").split() if not name.endswith(":")]
    return [name.replace("-", "_") for name in found]


def index(tools: Sandbox, kernel: Kernel, root: Path) -> None:
    """Run depmod over ROOT/usr/lib/modules/<release>."""
    folder = root / FOLDER / kernel.release
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        (folder / name).write_bytes(kernel.indexes[name].read())
    (root / "lib").symlink_to("usr/lib")
    tools.run(
        ["depmod", "-b", "/root-tree", "-w", kernel.release],
        mounts=[Mount(root, "/root-tree", writable=True)],
    )
    (root / "lib").unlink()


def entries(folder: Path, origin: str) -> list[Entry]:
    """Everything below FOLDER (a root tree made by `unpack` and `index`) as entries."""
    return [
        Entry(str(path.relative_to(folder)), "file", 0o644, origin, content=path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def unsigned(folder: Path) -> list[str]:
    """Names of the modules below FOLDER that carry no signature."""
    return sorted(
        path.name for path in folder.rglob("*.ko") if not path.read_bytes().endswith(SIGNED)
    )
