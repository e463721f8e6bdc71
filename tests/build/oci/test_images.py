"""Container images: trees, layers, layouts and the libraries they need."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tarfile
from typing import TYPE_CHECKING

import pytest

from skyrocket.build import oci
from skyrocket.build.lock.deb import Member, Unpacked
from skyrocket.build.oci import layer, libraries, source, tree
from skyrocket.build.oci.errors import ClashError, MissingLibraryError, OciError
from skyrocket.build.oci.tree import Entry
from skyrocket.models.checking import DefinitionError

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = """
description = "a test"
debian = ["tool", "libtool"]
include = ["/usr/bin/*"]
entrypoint = ["/usr/bin/start"]
command = ["--all"]
user = "1000:1000"
ports = ["80/tcp"]
environment = { B = "2", A = "1" }
folders = { "/tmp" = "1777" }
links = { "/usr/bin/link" = "tool" }
modes = { "/etc/secret" = "0600" }
[[applets]]
of = "/usr/bin/tool"
folder = "/usr/lib/tool"
names = ["ls", "cat"]
"""


def elf(*needed: str, loader: str = "") -> bytes:
    """A file with just enough of ELF to say what it needs."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    offsets = [1 + sum(len(name) + 1 for name in needed[:at]) for at in range(len(needed))]
    headers = 3
    base = 64 + 56 * headers
    path = loader.encode() + b"\0"
    dynamic = b"".join(struct.pack("<QQ", 1, offset) for offset in offsets)
    at_strings, at_dynamic = base + len(path), base + len(path) + len(strings)
    dynamic += struct.pack("<QQ", 5, 0x1000 + at_strings) + struct.pack("<QQ", 0, 0)
    size = at_dynamic + len(dynamic)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQ", 3, 62, 1, 0, 64, 0)
    head += struct.pack("<IHHHHHH", 0, 64, 56, headers, 0, 0, 0)
    table = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x1000, 0x1000, size, size, 0)
    table += struct.pack("<IIQQQQQQ", 2, 6, at_dynamic, 0, 0, len(dynamic), 0, 0)
    table += struct.pack("<IIQQQQQQ", 3 if loader else 4, 4, base, 0, 0, len(path), 0, 0)
    return head + table + path + strings + dynamic


def package(folder: Path, **files: bytes | str) -> Unpacked:
    """An unpacked package: bytes are files, strings links. `__` stands for a slash, `DOT` a dot."""
    members = []
    for name, value in files.items():
        path = name.replace("__", "/").replace("DOT", ".")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, bytes):
            target.write_bytes(value)
            members.append(Member(path, "file", 0o755, 0, 0, len(value), 7))
        else:
            members.append(Member(path, "symlink", 0o777, 0, 0, 0, 7, value))
    return Unpacked(folder, members)


@pytest.fixture
def packages(tmp_path: Path) -> dict[str, Unpacked]:
    library = "usr__lib__x86_64-linux-gnu__libtoolDOTso"
    return {
        "tool": package(
            tmp_path / "tool", usr__bin__tool=elf("libtool.so.1"), usr__share__doc=b"not taken"
        ),
        "libtool": package(
            tmp_path / "libtool",
            **{f"{library}DOT1": "libtool.so.1.2", f"{library}DOT1DOT2": elf()},
        ),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images" / "test"
    (made / "files/usr/bin").mkdir(parents=True)
    (made / "files/etc").mkdir()
    (made / "image.toml").write_text(DEFINITION)
    (made / "files/usr/bin/start").write_text("#!/bin/sh\n")
    (made / "files/usr/bin/start").chmod(0o700)
    (made / "files/etc/secret").write_text("x")
    return made


def build(folder: Path, packages: dict[str, Unpacked], target: Path) -> str:
    return oci.build(folder, packages, target, version="1.0")


def contents(layout: Path) -> dict[str, bytes]:
    files = (path for path in layout.rglob("*") if path.is_file())
    return {str(path.relative_to(layout)): path.read_bytes() for path in files}


def layers(layout: Path) -> list[list[tarfile.TarInfo]]:
    blobs = layout / "blobs/sha256"
    item, again = json.loads((layout / "index.json").read_text())["manifests"]
    tags = [one.pop("annotations")["org.opencontainers.image.ref.name"] for one in (item, again)]
    assert (tags, item) == (["1.0", "latest"], again)
    manifest = json.loads((blobs / item["digest"][7:]).read_text())
    found = []
    for one in manifest["layers"]:
        with tarfile.open(blobs / one["digest"][7:]) as tar:
            found.append(tar.getmembers())
    return found


def test_every_blob_has_its_own_name(
    folder: Path, packages: dict[str, Unpacked], tmp_path: Path
) -> None:
    """Each blob is named by its hash, and manifest and configuration agree on sizes and layers."""
    digest = build(folder, packages, tmp_path / "out")
    blobs = tmp_path / "out/blobs/sha256"
    for path in blobs.iterdir():
        assert path.name == hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = json.loads((blobs / digest[7:]).read_text())
    config = json.loads((blobs / manifest["config"]["digest"][7:]).read_text())
    assert config["rootfs"]["diff_ids"] == [one["digest"] for one in manifest["layers"]]
    assert [one["size"] for one in manifest["layers"]] == [
        (blobs / one["digest"][7:]).stat().st_size for one in manifest["layers"]
    ]
    assert config["config"] == {
        "Entrypoint": ["/usr/bin/start"],
        "Cmd": ["--all"],
        "Env": ["A=1", "B=2"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGTERM",
        "User": "1000:1000",
        "WorkingDir": "/",
    }


def test_what_is_in_the_image(folder: Path, packages: dict[str, Unpacked], tmp_path: Path) -> None:
    """Packages give what the patterns name and the libraries that wants; ours lies above."""
    build(folder, packages, tmp_path / "out")
    below, above = layers(tmp_path / "out")
    assert [one.name for one in below if not one.isdir()] == [
        "usr/bin/tool",
        "usr/lib/x86_64-linux-gnu/libtool.so.1",
        "usr/lib/x86_64-linux-gnu/libtool.so.1.2",
    ]
    found = {one.name: one for one in above}
    assert oct(found["etc/secret"].mode) == "0o600"
    assert oct(found["usr/bin/start"].mode) == "0o755"
    assert oct(found["tmp"].mode) == "0o1777"
    assert found["usr/lib/tool/ls"].linkname == "../../bin/tool"
    assert found["bin"].linkname == "usr/bin"
    assert {(one.uid, one.gid, one.mtime) for one in [*below, *above]} == {(0, 0, 0)}


def test_the_same_bytes_from_other_circumstances(
    folder: Path, packages: dict[str, Unpacked], tmp_path: Path
) -> None:
    """Umask, times and a second run over the first do not change a byte."""
    build(folder, packages, tmp_path / "out")
    first = contents(tmp_path / "out")
    old = os.umask(0o077)
    try:
        for path in folder.rglob("*"):
            os.utime(path, (1, 1))
            if path.is_file():
                path.chmod(0o700 if os.access(path, os.X_OK) else 0o600)
        build(folder, packages, tmp_path / "out")
    finally:
        os.umask(old)
    assert contents(tmp_path / "out") == first
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_owners_come_from_the_entries() -> None:
    """A tar carries the owners it is told, not those of the builder's files."""
    stream = io.BytesIO()
    made = layer.write([Entry("/a", "folder", 0o750, 12, 34)], stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as tar:
        (member,) = tar.getmembers()
    assert (member.name, member.mode, member.uid, member.gid) == ("a", 0o750, 12, 34)
    assert made.digest == f"sha256:{hashlib.sha256(stream.getvalue()).hexdigest()}"


def test_a_library_that_nothing_brings(folder: Path, packages: dict[str, Unpacked]) -> None:
    """A program without its library is an error that names both."""
    packages["libtool"] = Unpacked(packages["libtool"].tree, [])
    with pytest.raises(MissingLibraryError, match=r"libtool\.so\.1 .*wanted by /usr/bin/tool"):
        build(folder, packages, folder / "out")


def test_a_pattern_that_takes_nothing(folder: Path, packages: dict[str, Unpacked]) -> None:
    """A pattern without a file is a mistake of the definition, not an empty image."""
    text = DEFINITION.replace('"/usr/bin/*"', '"/usr/bin/*", "/usr/bin/gone"')
    (folder / "image.toml").write_text(text)
    with pytest.raises(OciError, match="no package of it has /usr/bin/gone"):
        build(folder, packages, folder / "out")


def test_a_package_that_is_not_locked(folder: Path, packages: dict[str, Unpacked]) -> None:
    """A package that the lock does not have is named, with the command that adds it."""
    del packages["libtool"]
    with pytest.raises(OciError, match="not in the lock: libtool") as raised:
        build(folder, packages, folder / "out")
    assert raised.value.hint == "./skyrocket lock --update"


def test_all_mistakes_of_a_definition_at_once(folder: Path) -> None:
    """Each mistake of a definition is reported with its place, in one go."""
    (folder / "image.toml").write_text(
        'debian = ["A B"]\ninclude = ["x"]\nentrypoint = []\nodd = 1\n'
    )
    with pytest.raises(DefinitionError) as raised:
        oci.load(folder)
    text = str(raised.value)
    for word in ("debian[0]", "include[0]", "entrypoint", "odd", "description"):
        assert word in text


def test_an_image_that_is_not_defined(folder: Path) -> None:
    """An unknown image is an error that lists the known ones."""
    with pytest.raises(DefinitionError, match="known: test"):
        oci.load(folder.parent / "nothere")


def test_two_sources_of_one_path() -> None:
    """A path that comes from two sources is a clash, folders apart."""
    folders = [Entry("/a", "folder"), Entry("/a", "folder")]
    assert [one.path for one in tree.with_parents(folders)] == ["/a"]
    with pytest.raises(ClashError, match="/a comes from two sources"):
        tree.with_parents([Entry("/a", "link", target="b"), Entry("/a", "folder")])


def test_nothing_lies_below_a_link() -> None:
    """A path below a link would land elsewhere when unpacked."""
    with pytest.raises(OciError, match="/a/b lies below /a, a link"):
        tree.with_parents([Entry("/a", "link", target="c"), Entry("/a/b", "file")])


def test_parents_come_before_their_children() -> None:
    """Each entry follows the folders it needs, in an order that no locale changes."""
    found = tree.with_parents([Entry("/a-b/c", "file"), Entry("/a/b", "file"), Entry("/B", "file")])
    assert [one.path for one in found] == ["/B", "/a", "/a/b", "/a-b", "/a-b/c"]


def test_merged_usr() -> None:
    """Paths of old packages land where the links of the root lead."""
    paths = ["/bin/sh", "/lib64/ld.so", "/library/x", "/usr/bin/a", "/sbin"]
    assert [tree.usr_merged(path) for path in paths] == [
        "/usr/bin/sh",
        "/usr/lib64/ld.so",
        "/library/x",
        "/usr/bin/a",
        "/sbin",
    ]


def test_what_an_elf_file_wants(tmp_path: Path) -> None:
    """Libraries and loader are read from the file; what is no ELF wants nothing."""
    path = tmp_path / "file"
    path.write_bytes(elf("liba.so.1", "libb.so", loader="/lib64/ld.so.2"))
    assert libraries.read(path) == libraries.Wants(["liba.so.1", "libb.so"], "/lib64/ld.so.2")
    path.write_bytes(b"#!/bin/sh\n")
    assert libraries.read(path) is None


def test_modes_of_nothing(folder: Path) -> None:
    """A mode for a file that is not there is a mistake."""
    with pytest.raises(OciError, match="no file of that name in files/"):
        tree.own(source.folder(folder / "files"), {"/etc/gone": "0600"})


def test_the_projects_own_images_are_right() -> None:
    """The definitions of this project load, and each names its packages."""
    from pathlib import Path

    images = Path(__file__).parents[3] / "images"
    assert oci.names(images) == ["admin", "control", "demo"]
    assert {"busybox-static", "openssh-server"} <= set(oci.debian_roots(images))
