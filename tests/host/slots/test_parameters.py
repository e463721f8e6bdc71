"""The addon with the settings' words: what is decided, and what becomes of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.host.slots import addons, parameters
from skyrocket.host.slots.parameters import Mode, Plan
from skyrocket.models import addon

if TYPE_CHECKING:
    from pathlib import Path

ROOT, OTHER = "ab" * 32, "cd" * 32
ADDON = addon.compose(["nosmt"])


class Boot:
    """A boot partition that is a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def sync(self) -> None:
        """Nothing: nobody cuts the power here."""


@pytest.mark.parametrize(
    ("made", "there", "mode", "wanted"),
    [
        (ADDON, None, Mode(), Plan(ADDON)),
        (ADDON, b"else", Mode(), Plan(ADDON)),
        (ADDON, ADDON, Mode(), Plan()),
        (None, ADDON, Mode(), Plan(remove=True)),
        (None, None, Mode(), Plan()),
        (ADDON, None, Mode(at_boot=False, again=True), Plan(ADDON)),
        (ADDON, None, Mode(at_boot=True), Plan(ADDON)),
        (ADDON, None, Mode(at_boot=True, again=True), Plan(ADDON, reboot=True)),
        (None, ADDON, Mode(at_boot=True, again=True), Plan(remove=True, reboot=True)),
        # The loader had it before it and gave other words: once more would be for ever.
        (ADDON, ADDON, Mode(at_boot=True, again=True), Plan(trouble=parameters.NOT_TAKEN)),
        (None, None, Mode(at_boot=True, again=True), Plan(trouble=parameters.NOT_TAKEN)),
    ],
)
def test_a_machine_starts_again_only_for_an_addon_that_changed(
    made: bytes | None, there: bytes | None, mode: Mode, wanted: Plan
) -> None:
    assert parameters.plan(made, there, mode) == wanted


def test_an_addon_is_where_the_stub_looks_for_it(tmp_path: Path) -> None:
    """Beside the image, in a folder whose name has no counter; removed with its folder."""
    boot = Boot(tmp_path)
    parameters.do(Plan(ADDON), boot, ROOT)
    file = tmp_path / "EFI/Linux/skyrocket-abababab.efi.extra.d/settings.addon.efi"
    assert file.read_bytes() == ADDON
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert addons.read(boot, ROOT) == ADDON
    addons.carry_over(boot, ROOT, OTHER)
    assert addons.read(boot, OTHER) == ADDON
    parameters.do(Plan(remove=True), boot, ROOT)
    parameters.do(Plan(remove=True), boot, ROOT)
    assert not file.parent.exists()
    assert addons.read(boot, OTHER) == ADDON


def test_without_an_addon_a_new_version_gets_none(tmp_path: Path) -> None:
    boot = Boot(tmp_path)
    addons.carry_over(boot, ROOT, OTHER)
    assert list(tmp_path.iterdir()) == []


def test_words_are_read_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Those behind the dashes come last, whoever else says some."""
    (tmp_path / "50-boot").write_text("a -- b\n")
    (tmp_path / "10-hugepages").write_text("\n")
    (tmp_path / "20-more").write_text("c d=e\n")
    assert parameters.wanted_words(str(tmp_path)) == ["c", "d=e", "a", "--", "b"]
    assert parameters.wanted_words(str(tmp_path / "none")) == []
