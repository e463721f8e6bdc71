"""A boot with a foreign command line: refused by signed images, told by others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.host.initrd import trust
from skyrocket.host.initrd.errors import BootError
from skyrocket.host.initrd.report import Report
from skyrocket.models import command_line

if TYPE_CHECKING:
    from pathlib import Path

BUILT = "quiet roothash=00"


def root(folder: Path, policy: str | None, *additions: str) -> str:
    """A folder like the initrd's root."""
    (folder / command_line.ADDITIONS).mkdir(parents=True)
    (folder / command_line.WORDS).write_text(f"{BUILT}\n")
    if policy is not None:
        (folder / command_line.POLICY).write_text(f"{policy}\n")
    for number, words in enumerate(additions):
        (folder / command_line.ADDITIONS / f"{number}").write_text(words)
    return str(folder)


def test_the_command_line_of_the_build_passes(tmp_path: Path) -> None:
    """Also with what a signed addon adds."""
    trust.settle(BUILT, Report(), root(tmp_path, command_line.REFUSE, "loglevel=7"))
    trust.settle(f"{BUILT} loglevel=7", Report(), str(tmp_path))


@pytest.mark.parametrize("policy", [command_line.REFUSE, None, "else"])
def test_a_word_nobody_signed_ends_the_boot(tmp_path: Path, policy: str | None) -> None:
    """It is named; a policy that is missing or unknown refuses."""
    with pytest.raises(BootError, match=r"words that nobody signed: enforcing=0$"):
        trust.settle(f"{BUILT} enforcing=0", Report(), root(tmp_path, policy))


def test_an_initrd_without_the_words_trusts_nothing(tmp_path: Path) -> None:
    """What was not expected is foreign."""
    with pytest.raises(BootError):
        trust.settle(BUILT, Report(), str(tmp_path))


def test_an_unsigned_image_tells_and_goes_on(tmp_path: Path) -> None:
    """The lab adds words to such images."""
    report = Report()
    trust.settle(f"{BUILT} watchdog_thresh=60", report, root(tmp_path, command_line.REPORT))
    assert report.facts["outside_words"] == ["watchdog_thresh=60"]


def test_what_addons_added_is_told_apart_from_what_others_did(tmp_path: Path) -> None:
    """The node must know which words of the settings have arrived."""
    report = Report()
    folder = root(tmp_path, command_line.REPORT, "nosmt -- splash")
    trust.settle(f"{BUILT} nosmt -- splash watchdog_thresh=60", report, folder)
    assert report.facts["additions"] == ["nosmt", "--", "splash"]
    assert report.facts["outside_words"] == ["watchdog_thresh=60"]


@pytest.mark.parametrize(("byte", "said"), [(0, None), (1, None), (2, False), (3, True), (9, None)])
def test_the_kernels_word_for_secure_boot_is_taken(
    byte: int, said: bool | None, tmp_path: Path
) -> None:
    """Unset and unknown are nobody's word."""
    (tmp_path / "sys/firmware/efi").mkdir(parents=True)
    (tmp_path / "sys/kernel/boot_params").mkdir(parents=True)
    page = bytearray(4096)
    page[0x1EC] = byte
    (tmp_path / "sys/kernel/boot_params/data").write_bytes(page)
    report = Report()
    trust.look_at_firmware(report, str(tmp_path))
    assert report.facts == {"efi": True, "secure_boot": said}


def test_a_kernel_that_was_started_directly_has_no_firmware(tmp_path: Path) -> None:
    report = Report()
    trust.look_at_firmware(report, str(tmp_path))
    assert report.facts == {"efi": False, "secure_boot": None}
