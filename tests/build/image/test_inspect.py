"""What an image says of itself, read from its own bytes."""

from __future__ import annotations

import struct
import zlib

import msgspec
import pytest
from build.image.crafted_disk import ROOT_BLOCKS, SALT, fat, make, root, verity

from skyrocket.build.image import inspect
from skyrocket.build.image import verity as trees
from skyrocket.build.image.errors import ImageError
from skyrocket.build.image.fat import Fat, FatError
from skyrocket.build.image.qcow2 import Qcow2, Qcow2Error
from skyrocket.models import disk
from skyrocket.models.manifest import Manifest
from skyrocket.models.slots import name_for

CLUSTER = 1 << 16


def manifest(root_hash: str) -> Manifest:
    return Manifest(
        variant="vm-dev", version="1.2.3", build_id="x", architecture="x86_64", image="disk.raw",
        manifest="manifest.json", sbom="sbom.spdx.json", root_hash=root_hash, root_bytes=1,
        hash_bytes=1, uki_bytes=1, uki_name="", executables=21, programs=[],
        packages={"systemd": "257"}, partitions=[], kernel_arguments=[],
    )  # fmt: skip


def qcow2(raw: bytes, *, compressed: bool = False) -> bytes:
    """RAW as a qcow2 image: zero clusters left out, the others plain or compressed."""
    count = -(-len(raw) // CLUSTER)
    first_at, second_at, data_at = CLUSTER, 2 * CLUSTER, 3 * CLUSTER
    assert count <= CLUSTER // 8
    entries, body = [], b""
    for number in range(count):
        cluster = raw[number * CLUSTER : (number + 1) * CLUSTER].ljust(CLUSTER, b"\0")
        at = data_at + len(body)
        if not any(cluster):
            entries.append(0)
        elif compressed:
            packer = zlib.compressobj(9, zlib.DEFLATED, -12)
            packed = packer.compress(cluster) + packer.flush()
            sectors = (at + len(packed) - 1) // 512 - at // 512
            entries.append(1 << 62 | sectors << (62 - 8) | at)
            body += packed
        else:
            entries.append(1 << 63 | at)
            body += cluster
    head = b"QFI\xfb" + struct.pack(
        ">IQIIQIIQQIIQQQQII", 3, 0, 0, 16, len(raw), 0, 1, first_at, 0, 0, 0, 0, 0, 0, 0, 4, 104
    )
    tables = struct.pack(">Q", 1 << 63 | second_at).ljust(CLUSTER, b"\0")
    second = b"".join(struct.pack(">Q", one) for one in entries).ljust(CLUSTER, b"\0")
    return head.ljust(CLUSTER, b"\0") + tables + second + body


def test_facts(tmp_path) -> None:
    """Partitions, the proven slot, the kernel image that boots it."""
    path = tmp_path / "disk.raw"
    root_hash = make(path)
    found = inspect.inspect(path)
    assert found.wrong == []
    assert (found.format, found.root_hash) == ("raw", root_hash)
    assert found.root_bytes == ROOT_BLOCKS * 4096
    assert found.hash_bytes == 5 * 4096
    assert [part.label for part in found.partitions] == [
        "esp", "boot", "root-a", "hash-a", "root-b", "hash-b", "private",
    ]  # fmt: skip
    (kernel,) = found.kernels
    assert (kernel.name, kernel.version, kernel.kernel) == (name_for(root_hash), "1.2.3", "6.12")
    assert found.uki_bytes == kernel.bytes > 3000
    assert [slot.root_hash for slot in found.slots] == [root_hash, ""]


def test_names_that_checkers_read(tmp_path) -> None:
    """The JSON object has every name that is promised."""
    path = tmp_path / "disk.raw"
    make(path)
    whole = msgspec.json.decode(msgspec.json.encode(inspect.inspect(path)))
    assert {
        "image", "manifest", "sbom", "root_hash", "root_bytes", "hash_bytes", "uki_bytes",
        "executables", "packages", "partitions",
    } <= whole.keys()  # fmt: skip
    assert whole["partitions"][0].keys() == {"label", "offset", "size", "type"}


def test_manifest_beside(tmp_path) -> None:
    """Packages and executables come from the manifest, if it is this image's."""
    path = tmp_path / "disk.raw"
    root_hash = make(path)
    assert inspect.inspect(path).packages is None
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(manifest(root_hash)))
    found = inspect.inspect(path)
    assert (found.packages, found.executables) == ({"systemd": "257"}, 21)
    assert found.sbom == str(tmp_path / "sbom.spdx.json")
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(manifest("0" * 64)))
    assert inspect.inspect(path).packages is None


@pytest.mark.parametrize("compressed", [False, True])
def test_qcow2_says_the_same(tmp_path, compressed: bool) -> None:
    """The disk inside a qcow2 file has the same facts, compressed or not."""
    path = tmp_path / "disk.raw"
    make(path)
    other = tmp_path / "disk.qcow2"
    other.write_bytes(qcow2(path.read_bytes(), compressed=compressed))
    raw, inner = inspect.inspect(path), inspect.inspect(other)
    assert inner.format == "qcow2"
    assert inner.slots == raw.slots
    assert inner.kernels == raw.kernels
    assert (inner.disk_bytes, inner.wrong) == (raw.disk_bytes, [])


@pytest.mark.parametrize(
    ("label", "at", "wrong"),
    [
        ("root-a", 200 * 4096 + 7, "root-a: cannot prove the root: level 0"),
        ("hash-a", 2 * 4096 + 3, "root-a: cannot prove the root"),
        ("boot", 0, ""),
    ],
)
def test_changed_byte(tmp_path, label: str, at: int, wrong: str) -> None:
    """One changed byte anywhere in the slot is found; a broken boot partition is an error."""
    path = tmp_path / "disk.raw"
    make(path)
    found = inspect.inspect(path)
    part = next(one for one in found.partitions if one.label == label)
    with path.open("r+b") as file:
        if label == "boot":
            file.seek(part.offset)
            file.write(bytes(512))
        else:
            file.seek(part.offset + at)
            old = file.read(1)
            file.seek(part.offset + at)
            file.write(bytes([old[0] ^ 1]))
    if not wrong:
        with pytest.raises(ImageError, match="has no FAT32 boot sector"):
            inspect.inspect(path)
        return
    assert any(one.startswith(wrong) for one in inspect.inspect(path).wrong)


def test_torn_partition_table(tmp_path) -> None:
    """With one copy of the table gone, the other one is used and the loss is said."""
    path = tmp_path / "disk.raw"
    root_hash = make(path)
    with path.open("r+b") as file:
        file.seek(512)
        file.write(bytes(512))
    found = inspect.inspect(path)
    assert found.root_hash == root_hash
    assert found.wrong == ["primary partition table has no signature"]


@pytest.mark.parametrize("content", [b"", b"QFI\xfb", b"x" * 4096, b"QFI\xfb" + b"\xff" * 200])
def test_no_image(tmp_path, content: bytes) -> None:
    """Anything else is one clear error."""
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"cannot (inspect|read)"):
        inspect.inspect(path)


def test_absent_file(tmp_path) -> None:
    """So is a file that is not there."""
    with pytest.raises(ImageError, match="No such file"):
        inspect.inspect(tmp_path / "gone")


def test_lines_name_what_is_wrong(tmp_path) -> None:
    """People see slots, kernels and what is wrong."""
    path = tmp_path / "disk.raw"
    root_hash = make(path)
    shown = "\n".join(inspect.lines(inspect.inspect(path)))
    assert root_hash in shown
    assert "root-b: empty" in shown
    assert "no manifest" in shown


def test_verity_of_one_block() -> None:
    """A root of a single block is its own level."""
    data = b"x" * 4096
    root_hash, tree = verity(data)
    assert trees.root_hash(reader(data), reader(tree)) == root_hash
    assert trees.superblock(reader(tree)).salt == SALT


def test_verity_superblock() -> None:
    """Other algorithms and sizes are refused."""
    _, tree = verity(root())
    with pytest.raises(trees.VerityError, match="no superblock"):
        trees.superblock(reader(tree.replace(b"sha256", b"sha512")))


def test_fat_files() -> None:
    """Files are found by their long names, and read whole."""
    files = {"skyrocket-01234567+1.efi": b"a" * 1300, "b.efi": b""}
    system = Fat(reader(fat(1 << 20, files)))
    found = {path: system.read(one) for path, one in system.files("EFI/Linux")}
    assert found == {f"EFI/Linux/{name}": data for name, data in files.items()}
    assert list(system.files("EFI/Absent")) == []


def test_fat_in_a_circle() -> None:
    """A chain of clusters that comes back is an error, not a loop."""
    data = bytearray(fat(1 << 20, {"a": b"x" * 1024}))
    struct.pack_into("<I", data, 512 + 4 * 3, 2)
    system = Fat(reader(bytes(data)))
    (one,) = [one for _, one in system.files()]
    with pytest.raises(FatError, match="leads nowhere"):
        system.read(one)


def test_qcow2_that_needs_another_file(tmp_path) -> None:
    """An overlay is refused: half of it is elsewhere."""
    data = bytearray(qcow2(bytes(CLUSTER)))
    struct.pack_into(">Q", data, 8, 200)
    path = tmp_path / "x"
    path.write_bytes(data)
    with path.open("rb") as file, pytest.raises(Qcow2Error, match="needs another file"):
        Qcow2(file)


def reader(data: bytes):
    return lambda at, length: data[at : at + length]


@pytest.mark.image
def test_image_of_this_checkout() -> None:
    """The newest image that was built here is whole, and its facts are its manifest's."""
    from skyrocket.fetch import places

    folders = sorted(places.folder("images").glob("*/manifest.json"))
    if not folders:
        pytest.skip("no image was built on this machine")
    folder = folders[0].parent
    found = inspect.inspect(folder / "disk.raw")
    facts = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    assert found.wrong == []
    assert found.uki_bytes == facts.uki_bytes
    assert (found.root_bytes, found.hash_bytes) == (facts.root_bytes, facts.hash_bytes)
    assert [p.label for p in found.partitions] == [p.label for p in facts.partitions]
    assert disk.BOOT in {p.label for p in found.partitions}
