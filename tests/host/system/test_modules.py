"""Which module answers a device, and in which order files load."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.host.system import modules
from skyrocket.host.system.modules import Index

if TYPE_CHECKING:
    from pathlib import Path

DEP = """\
kernel/drivers/md/dm-mod.ko:
kernel/drivers/md/dm-bufio.ko: kernel/drivers/md/dm-mod.ko
kernel/drivers/md/dm-verity.ko: kernel/drivers/md/dm-bufio.ko kernel/drivers/md/dm-mod.ko
kernel/drivers/block/virtio_blk.ko:
"""
ALIAS = """\
# Aliases extracted from modules themselves.
alias virtio:d00000002v* virtio_blk
alias pci:v00008086d000025ABsv*sd*bc*sc*i* i6300esb
alias devname:mapper/control dm_mod
"""


def test_needed_files_come_first() -> None:
    """A module's files are listed in the order in which the kernel accepts them."""
    assert Index(DEP, ALIAS).files("dm-verity") == (
        "kernel/drivers/md/dm-mod.ko",
        "kernel/drivers/md/dm-bufio.ko",
        "kernel/drivers/md/dm-verity.ko",
    )


def test_unknown_module_has_no_files() -> None:
    """A module that the kernel has built in, or not at all, asks for nothing."""
    assert Index(DEP, ALIAS).files("ext4") == ()


def test_devices_find_their_driver() -> None:
    """A device's own name selects the modules whose alias pattern matches it."""
    index = Index(DEP, ALIAS)
    assert index.answering("virtio:d00000002v00001AF4") == ["virtio_blk"]
    assert index.answering("virtio:d00000001v00001AF4") == []
    pci = "pci:v00008086d000025ABsv00001AF4sd00001100bc08sc80i00"
    assert index.answering(pci) == ["i6300esb"]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a[b-d]c", "acc", True),
        ("a[b-d]c", "aec", False),
        ("a[xyz]", "ay", True),
        ("*a*b", "xxaxxb", True),
        ("*a*b", "xxaxxbc", False),
        ("?", "", False),
        ("", "", True),
        ("[", "[", True),
    ],
)
def test_patterns(pattern: str, text: str, expected: bool) -> None:
    """Stars, question marks and classes mean what they mean to depmod."""
    assert modules.matches(pattern, text) is expected


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_patterns_as_the_standard_library(pattern: str, text: str) -> None:
    """Our matcher, which loads no `re`, agrees with the standard library's."""
    assert modules.matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)
    assert not modules.matches(pattern, text) or text.startswith(modules.literal_prefix(pattern))


def test_parameters_from_the_command_line() -> None:
    """Words `module.parameter=value` reach their module; a root hash or a path is none."""
    line = "ramoops.ecc=1 virtio-blk.queue_depth=4 ramoops.mem_size=8 a=b.c systemd.log x. panic=5"
    assert modules.parameters_in(line) == {
        "ramoops": "ecc=1 mem_size=8",
        "virtio_blk": "queue_depth=4",
        "systemd": "log",
    }


def test_modaliases_of_chosen_buses(tmp_path: Path) -> None:
    """Only the buses asked for are read, each name is told once, silent devices are passed over."""
    for bus, device, name in (
        ("virtio", "virtio0", "virtio:d2"),
        ("virtio", "virtio1", "virtio:d2"),
        ("pci", "0000:00:00.0", "pci:x"),
    ):
        folder = tmp_path / "bus" / bus / "devices" / device
        folder.mkdir(parents=True)
        (folder / "modalias").write_text(name + "\n")
    (tmp_path / "bus/pci/devices/silent").mkdir()
    assert list(modules.modaliases(("virtio", "xen"), str(tmp_path))) == ["virtio:d2"]
    assert sorted(modules.modaliases(None, str(tmp_path))) == ["pci:x", "virtio:d2"]
