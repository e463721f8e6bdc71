"""Addons as this machine's own tools and our own readers see them."""

from __future__ import annotations

import pytest

from skyrocket.build.image import pe
from skyrocket.models import addon, command_line

WORDS = ["console=tty0", "nosmt", "--", "log_level=debug"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_an_addon_is_an_efi_program_that_carries_words_twice(machine: str) -> None:
    """For the kernel as they are, for our initrd in an archive."""
    made = addon.compose(WORDS, machine)
    found = pe.parse(made)
    assert found.machine == machine
    text = " ".join(WORDS).encode()
    assert found.content(made, ".cmdline") == text
    archive = found.content(made, ".initrd") or b""
    assert archive.startswith(b"070701")
    assert f"{command_line.ADDITIONS}/settings".encode() in archive
    assert text + b"\n" in archive
    assert archive.endswith(b"TRAILER!!!\0\0\0\0")


def test_the_same_words_make_the_same_bytes() -> None:
    """So that nothing is written, and nobody reboots, for words that are there."""
    assert addon.compose(WORDS) == addon.compose(WORDS)
    assert addon.compose(WORDS) != addon.compose(WORDS[:1])


def test_sections_lie_on_their_units_and_do_not_overlap() -> None:
    """Firmware refuses another file: every section begins at a unit, all within the file."""
    made = addon.compose(["x" * 5000, "y"])
    ends = 0
    for section in pe.parse(made).sections:
        assert section.offset % 512 == 0
        assert section.offset >= ends
        ends = section.offset + section.size
    assert len(made) % 512 == 0
    assert addon.words_of(made) == ["x" * 5000, "y"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cannot be read"),
        (b"MZ", "cannot be read"),
        (bytes(4096), "no EFI program"),
        (addon.compose(WORDS).replace(b".cmdline", b".nothing"), r"no whole section \.cmdline"),
        (addon.compose(WORDS).replace(b"console", b"\xff" * 7), "cannot be read"),
        (addon.compose(WORDS)[:1024], "no whole section"),
    ],
)
def test_what_is_no_addon_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(addon.AddonError, match=reason):
        addon.words_of(data)
