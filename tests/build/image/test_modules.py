"""Kernel modules: found, chosen, followed, never changed."""

from __future__ import annotations

import lzma

import pytest

from skyrocket.build.image import modules
from skyrocket.build.image.entries import Entry
from skyrocket.build.image.modules import Kernel
from skyrocket.build.image.selection import Pool

SIGNED = b"~Module signature appended~\n"


def module(depends: str = "", pre: str = "") -> bytes:
    info = b"\0license=GPL\0depends=" + depends.encode() + b"\0"
    info += b"softdep=pre: " + pre.encode() + b"\0" if pre else b""
    return b"\x7fELF" + info + SIGNED


def packed(data: bytes) -> Entry:
    return Entry("x", "file", 0o644, "debian:kernel", content=lzma.compress(data))


@pytest.fixture
def kernel() -> Kernel:
    files = {
        "kernel/fs/a-fs.ko.xz": packed(module("b_lib", "c-soft")),
        "kernel/lib/b_lib.ko.xz": packed(module("d")),
        "kernel/lib/c_soft.ko.xz": packed(module()),
        "kernel/lib/d.ko.xz": packed(module("built_in")),
        "kernel/drivers/e.ko.xz": packed(module()),
    }
    builtin = Entry("b", "file", 0o644, "x", content=b"kernel/lib/built-in.ko\n")
    image = Entry("boot/vmlinuz-6.12", "file", 0o644, "debian:kernel", content=b"MZ")
    return Kernel("6.12", image, files, {"modules.builtin": builtin})


def pool(*names: str) -> Pool:
    made = Pool([])
    for name in names:
        made.entries[name] = Entry(name, "file", 0o644, "debian:kernel", content=b"")
    return made


def test_find() -> None:
    """Release, image, modules and indexes of the one kernel."""
    base = "usr/lib/modules/6.12"
    names = ("boot/vmlinuz-6.12", f"{base}/kernel/fs/a.ko.xz", f"{base}/modules.builtin")
    found = modules.find(pool(*names, "usr/lib/modules/6.13/kernel/b.ko"), [])
    assert found is not None
    assert found.release == "6.12"
    assert list(found.modules) == ["kernel/fs/a.ko.xz"]
    assert list(found.indexes) == ["modules.builtin"]


@pytest.mark.parametrize("names", [(), ("boot/vmlinuz-1", "boot/vmlinuz-2")])
def test_not_one_kernel(names: tuple[str, ...]) -> None:
    """No kernel, or two, is a mistake."""
    mistakes: list[str] = []
    assert modules.find(pool(*names), mistakes) is None
    assert mistakes == [f"locked packages: {len(names)} kernels, expected one"]


def test_listed(tmp_path) -> None:
    """Names of the file, with remarks and other architectures left out."""
    folder = tmp_path / "packages/kernel"
    folder.mkdir(parents=True)
    (folder / "modules.txt").write_text("# a title\n\na-fs  # why\ne @x86_64\nf @aarch64\n")
    assert modules.listed(tmp_path, "kernel", "x86_64") == ["a-fs", "e"]
    assert modules.listed(tmp_path, "kernel", "aarch64") == ["a-fs", "f"]


def test_by_name(kernel: Kernel) -> None:
    """Names take either dash; a built-in one needs no file; an unknown one is a mistake."""
    mistakes: list[str] = []
    found = modules.by_name(kernel, "initrd", ["a_fs", "b-lib", "built-in", "gone"], mistakes)
    assert found == ["kernel/fs/a-fs.ko.xz", "kernel/lib/b_lib.ko.xz"]
    assert mistakes == ["initrd/modules.txt: gone is no module of 6.12"]


def test_unpack_follows_dependencies(kernel: Kernel, tmp_path) -> None:
    """Hard and soft dependencies come along, uncompressed and otherwise untouched."""
    done = modules.unpack(kernel, ["kernel/fs/a-fs.ko.xz"], tmp_path)
    assert sorted(done) == ["a_fs", "b_lib", "c_soft", "d"]
    assert (tmp_path / "kernel/fs/a-fs.ko").read_bytes() == module("b_lib", "c-soft")
    assert not (tmp_path / "kernel/drivers").exists()


def test_unsigned(kernel: Kernel, tmp_path) -> None:
    """A module whose signature is gone is named."""
    modules.unpack(kernel, ["kernel/lib/d.ko.xz"], tmp_path)
    assert modules.unsigned(tmp_path) == []
    (tmp_path / "kernel/lib/d.ko").write_bytes(b"\x7fELF stripped")
    assert modules.unsigned(tmp_path) == ["d.ko"]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (module(), []),
        (module("a,b-c"), ["a", "b_c"]),
        (module("", "crc32c aes"), ["crc32c", "aes"]),
        (b"", []),
    ],
)
def test_dependencies(data: bytes, names: list[str]) -> None:
    """Names of what a module needs, with the kernel's underscores."""
    assert modules.dependencies(data) == names
