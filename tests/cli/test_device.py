"""Writing an image to a disk: read back, and refused where a disk is in use."""

from pathlib import Path

import pytest

from skyrocket.cli import device
from skyrocket.cli.image import ImageError, find
from skyrocket.models.progress import Silent


def pair(tmp_path, room=3 * device.CHUNK):
    source, target = tmp_path / "image", tmp_path / "disk"
    source.write_bytes(b"\x01" * (device.CHUNK + 5) + b"end")
    with target.open("wb") as file:
        file.truncate(room)
    return source, target


def test_what_is_written_is_read_back_equal(tmp_path):
    """The image's bytes, and nothing after them."""
    source, target = pair(tmp_path)
    assert device.write(source, target, Silent()) is None
    data = target.read_bytes()
    assert data.startswith(source.read_bytes())
    assert set(data[source.stat().st_size :]) == {0}


def test_a_difference_is_found_at_its_byte(tmp_path):
    """A disk that answers something else is not trusted."""
    source, target = pair(tmp_path)
    device.write(source, target, Silent())
    with target.open("r+b") as disk:
        disk.seek(device.CHUNK + 3)
        disk.write(b"\x02")
        disk.seek(0)
        with source.open("rb") as reader:
            total = source.stat().st_size
            assert device.first_difference(reader, disk, total, Silent()) == device.CHUNK + 3


def test_a_disk_that_is_too_small_is_refused(tmp_path):
    """Before anything is written."""
    source, target = pair(tmp_path, room=100)
    assert "needed" in device.problem(target, source.stat().st_size)
    assert device.problem(tmp_path / "none", 1) == "No such file or directory"
    assert device.problem(tmp_path, 1) == "it is neither a disk nor a file"


@pytest.fixture
def machine(tmp_path):
    """A disk 8:0 with one partition 8:1, as sysfs and procfs show them."""
    disk = tmp_path / "sys/dev/block/8:0"
    (disk / "sda1/holders").mkdir(parents=True)
    (disk / "holders").mkdir()
    (disk / "dev").write_text("8:0\n")
    (disk / "sda1/dev").write_text("8:1\n")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("22 1 254:1 / / rw - ext4 /dev/vda1 rw\n")
    (tmp_path / "proc/swaps").write_text("Filename Type Size Used Priority\n")
    return tmp_path


def users(machine):
    return device.in_use("8:0", machine / "sys", machine / "proc")


def test_an_idle_disk_has_no_users(machine):
    """Mounts of other disks do not count."""
    assert users(machine) == []


def test_a_mounted_partition_makes_its_disk_used(machine):
    """The mount point is named."""
    mounts = machine / "proc/self/mountinfo"
    mounts.write_text("30 1 8:1 / /home rw - ext4 /dev/sda1 rw\n")
    assert users(machine) == ["mounted on /home"]


def test_swap_and_mappings_make_a_disk_used(machine):
    """Each user is named."""
    (machine / "sys/dev/block/8:0/sda1/holders/dm-0").touch()
    with (machine / "proc/swaps").open("a") as swaps:
        swaps.write("/dev/sda1 partition 1 0 -2\n")
    assert users(machine) == ["dm-0", "swap on /dev/sda1"]


def test_a_partition_is_not_a_disk(machine):
    """An image holds a whole table and must not lie in a partition."""
    (machine / "sys/dev/block/8:0/partition").write_text("1\n")
    assert users(machine) == ["it is a partition, not a whole disk"]


def test_an_unknown_image_names_those_that_are_there(monkeypatch, tmp_path):
    """The error helps with the next command."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = tmp_path / "skyrocket/images/vm-dev-x86_64"
    made.mkdir(parents=True)
    (made / "manifest.json").touch()
    assert find("vm-dev") == made
    assert find(str(made / "manifest.json")) == Path(made)
    with pytest.raises(ImageError, match="the images here are: vm-dev-x86_64"):
        find("vm-none")
