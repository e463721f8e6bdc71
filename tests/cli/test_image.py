"""`image`: which image a word means, what is asked before a disk is lost, and the JSON."""

from __future__ import annotations

import io
import json
import os

import pytest
from build.image.crafted_disk import make

from skyrocket.build.image.target import Target
from skyrocket.cli import image
from skyrocket.cli.image import ImageVerbError

FIXED = {
    "image", "manifest", "sbom", "root_hash", "root_bytes", "hash_bytes", "uki_bytes",
    "executables", "packages", "partitions",
}  # fmt: skip


@pytest.fixture
def made(monkeypatch, tmp_path):
    """The folder of an image that `build` has made."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "skyrocket/images/vm-dev-x86_64"
    folder.mkdir(parents=True)
    (folder / "manifest.json").touch()
    make(folder / "disk.raw")
    return folder


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "a disk"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    return path


class Person(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


def test_an_image_is_a_variant_a_folder_or_a_file(made):
    """All three mean the same disk image."""
    for word in ("vm-dev", "vm-dev-x86_64", str(made), str(made / "disk.raw")):
        assert image.find(word) == made / "disk.raw"


def test_an_unknown_image_names_those_that_are_there(made):
    """The error helps with the next command."""
    with pytest.raises(ImageVerbError, match=f"the images here are: {made.name}"):
        image.find("vm-none")


def test_inspect_prints_one_json_object_with_the_fixed_names(made, capsys):
    """Nothing else on standard output."""
    assert image.main(["inspect", "vm-dev", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) >= FIXED
    assert told["image"] == str(made / "disk.raw")


def test_an_image_with_a_changed_block_fails_inspection(made, capsys):
    """Said in words and by the exit status."""
    told = image.inspect.inspect(made / "disk.raw")
    root = next(part for part in told.partitions if part.label == "root-a")
    with (made / "disk.raw").open("r+b") as file:
        file.seek(root.offset + 100)
        file.write(b"\xaa")
    assert image.main(["inspect"]) == 1
    assert "wrong " in capsys.readouterr().out


@pytest.mark.usefixtures("made")
def test_nobody_to_ask_means_nothing_is_written(disk, monkeypatch):
    """A script must say --yes."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{disk}\n"))
    with pytest.raises(ImageVerbError, match="nobody is here"):
        image.main(["write", str(disk)])
    assert disk.stat().st_blocks == 0


@pytest.mark.usefixtures("made")
def test_another_answer_writes_nothing(disk, monkeypatch):
    """`y` is not enough: the device is to be named."""
    monkeypatch.setattr("sys.stdin", Person("y\n"))
    assert image.main(["write", str(disk)]) == 1
    assert disk.stat().st_blocks == 0


@pytest.mark.parametrize("words", [["vm-dev"], []])
@pytest.mark.usefixtures("made")
def test_what_was_agreed_to_is_written(disk, words):
    """The disk then holds the image, with its table's copy at the disk's own end."""
    assert image.main(["write", *words, str(disk), "--yes"]) == 0
    assert image.inspect.inspect(disk).wrong == []


@pytest.mark.usefixtures("made")
def test_a_disk_in_use_is_refused_even_with_yes(disk, monkeypatch):
    """Every reason at once, before anything is asked or written."""
    used = Target(str(disk), 64 << 20, block=True, mounted=("/home",), system=True)
    monkeypatch.setattr(image.target, "look", lambda path: used)
    with pytest.raises(ImageVerbError, match="this machine runs from it; it is mounted on /home"):
        image.main(["write", "--yes", str(disk)])
    assert disk.stat().st_blocks == 0


@pytest.mark.usefixtures("made")
def test_a_disk_of_somebody_else_names_the_command_that_may(disk, monkeypatch):
    """With the image's path, because root has another cache."""

    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(image.target, "look", refused)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ImageVerbError) as caught:
        image.main(["write", str(disk)])
    assert caught.value.hint.startswith("sudo ./skyrocket image write '/")
