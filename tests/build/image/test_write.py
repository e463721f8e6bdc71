"""Writing an image to a disk: every reason against, the bytes, the table, the reading back."""

from __future__ import annotations

import pytest
from build.image.crafted_disk import make

from skyrocket.build.image import inspect, target, write
from skyrocket.build.image.target import Target
from skyrocket.models import disk, gpt
from skyrocket.models.progress import Silent

GOOD = Target("/dev/vdx", 1 << 30, block=True)


@pytest.fixture
def image(tmp_path):
    make(tmp_path / "disk.raw")
    return tmp_path / "disk.raw"


def sparse(path, size: int):
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"partition": True}, "it is a partition"),
        ({"system": True}, "this machine runs from it"),
        ({"mounted": ("/mnt/a", "/mnt/b")}, "it is mounted on /mnt/a, /mnt/b"),
        ({"held": ("dm-0 lies on it",)}, "it is in use: dm-0 lies on it"),
        ({"read_only": True}, "it cannot be written"),
        ({"sector": 4096}, "its sectors have 4096 bytes"),
        ({"size": 1 << 20}, "the image needs"),
    ],
)
def test_refusals(image, changes, reason: str) -> None:
    """Each reason against stands alone, and there is then no table to write."""
    decided = write.plan(image, GOOD._replace(**changes))
    assert len(decided.refusals) == 1
    assert decided.refusals[0].startswith(reason) or reason in decided.refusals[0]
    assert decided.table is None


def test_all_refusals_at_once(image) -> None:
    """Several reasons are said together."""
    bad = GOOD._replace(system=True, mounted=("/",), size=1)
    assert len(write.plan(image, bad).refusals) == 3


def test_good_disk(image) -> None:
    """Nothing against: the table is made for the disk's own end."""
    decided = write.plan(image, GOOD)
    assert decided.refusals == ()
    assert decided.table is not None
    assert decided.table.sectors == GOOD.size // disk.SECTOR


def test_write(image, tmp_path) -> None:
    """What lies on the disk is the image, with the table's backup at the disk's end."""
    device = sparse(tmp_path / "device", 40 << 20)
    with device.open("r+b") as file:  # what was there before must not shine through
        for at in (0, 3 << 20, 9 << 20):
            file.seek(at)
            file.write(b"\xaa" * 5000)
    write.write(image, device, Silent())
    found, wanted = inspect.inspect(device), inspect.inspect(image)
    assert found.wrong == []
    assert found.slots == wanted.slots
    assert found.disk_bytes == 40 << 20
    with image.open("rb") as a, device.open("rb") as b:
        a.seek(disk.MIB)
        b.seek(disk.MIB)
        end = max(part.offset + part.size for part in wanted.partitions)
        assert a.read(end - disk.MIB) == b.read(end - disk.MIB)


def test_holes_stay_holes(image, tmp_path) -> None:
    """Zeros are not sent to a disk that is zero already."""
    device = sparse(tmp_path / "device", 200 << 20)
    write.write(image, device, Silent())
    assert device.stat().st_blocks * 512 < 16 << 20


class Failing(Silent):
    """Stops at a step, as a user with Ctrl-C would."""

    def __init__(self, word: str) -> None:
        self.word = word

    def advance(self, done: int, total: int | None = None, unit: str = "B") -> None:
        raise KeyboardInterrupt


def test_cut_off_writing_leaves_no_table(image, tmp_path) -> None:
    """A disk whose writing stopped early boots nothing, not half of something."""
    device = tmp_path / "device"
    device.write_bytes(image.read_bytes())
    with pytest.raises(KeyboardInterrupt):
        write.write(image, device, Failing("write"))
    with device.open("rb") as file:
        assert not any(file.read(disk.MIB))


class Spoiling(Silent):
    """Changes a byte of the device when reading back begins: a disk that forgets."""

    def __init__(self, device, at: int) -> None:
        self.device = device
        self.at = at

    def step(self, name: str) -> None:
        if name.startswith("read"):
            with self.device.open("r+b") as file:
                file.seek(self.at)
                old = file.read(1)
                file.seek(self.at)
                file.write(bytes([old[0] ^ 1]))


@pytest.mark.parametrize("at", [3 << 20, 512 + 20])
def test_disk_that_forgets(image, tmp_path, at: int) -> None:
    """A byte that reads back differently is an error, in the body and in the table."""
    device = sparse(tmp_path / "device", 40 << 20)
    with pytest.raises(write.WriteError, match="cannot trust"):
        write.write(image, device, Spoiling(device, at))


def test_refused_disk_is_not_touched(image, tmp_path) -> None:
    """A refusal comes before the first byte."""
    device = tmp_path / "device"
    device.write_bytes(b"precious")
    with pytest.raises(write.WriteError, match="has 8 bytes"):
        write.write(image, device, Silent())
    assert device.read_bytes() == b"precious"


def test_absent_disk(image, tmp_path) -> None:
    """A device that is not there is one clear error."""
    with pytest.raises(write.WriteError, match="No such file"):
        write.write(image, tmp_path / "gone", Silent())


@pytest.fixture
def machine(tmp_path):
    """A made-up /sys and /proc: vda with two partitions, a mapping on the second, vdb unused."""
    block = tmp_path / "block"
    for name, number in (
        ("vda", "254:0"), ("vda/vda1", "254:1"), ("vda/vda2", "254:2"), ("dm-0", "253:0"),
        ("vdb", "254:16"),
    ):  # fmt: skip
        folder = block / name
        (folder / "holders").mkdir(parents=True)
        (folder / "dev").write_text(f"{number}\n")
        (folder / "ro").write_text("0\n")
        if "/" in name:
            (folder / "partition").write_text(name[-1])
        else:
            (folder / "queue").mkdir()
            (folder / "queue/logical_block_size").write_text("512\n")
    (block / "vda/vda2/holders/dm-0").symlink_to(block / "dm-0")
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self/mountinfo").write_text(
        "22 1 253:0 / / rw - ext4 /dev/mapper/root rw\n"
        "23 1 0:5 / /dev rw - devtmpfs udev rw\n"
        "24 22 254:1 / /mnt/a\\040b rw - vfat /dev/vda1 rw\n"
    )
    (proc / "swaps").write_text("Filename Type Size Used Priority\n/dev/vdb partition 1 0 -2\n")
    return block, proc


def test_running_system_behind_a_mapping(machine) -> None:
    """A disk is this machine's own also when the root lies on a mapping of a partition of it."""
    block, proc = machine
    found = target.describe("/dev/vda", 1 << 30, block / "vda", proc)
    assert found.system
    assert found.mounted == ("/", "/mnt/a b")
    assert found.held == ("dm-0 lies on it",)
    assert not found.partition


def test_swap_and_partition(machine) -> None:
    """Swap is a use; a partition is no disk."""
    block, proc = machine
    assert target.describe("/dev/vdb", 1, block / "vdb", proc).held == ("vdb is swap",)
    one = target.describe("/dev/vda1", 1, block / "vda/vda1", proc)
    assert one.partition
    assert one.mounted == ("/mnt/a b",)
    assert not one.system


def test_free_disk(machine) -> None:
    """A disk that nobody uses has nothing against it."""
    block, proc = machine
    (proc / "swaps").write_text("Filename Type Size Used Priority\n")
    found = target.describe("/dev/vdb", 1 << 30, block / "vdb", proc)
    assert found == Target("/dev/vdb", 1 << 30, block=True)


def test_table_reads_back(image, tmp_path) -> None:
    """Both copies of the table are whole on the larger disk."""
    device = sparse(tmp_path / "device", 64 << 20)
    write.write(image, device, Silent())
    with inspect.opened(device) as found:
        assert gpt.read(found.read_at, found.size // disk.SECTOR).healthy
