"""Names of UKIs: what the loader counts, and lengths that keep a FAT folder from growing."""

from __future__ import annotations

import pytest

from skyrocket.models import slots
from skyrocket.models.slots import Name

ROOT = "1a2b3c4d" + "0" * 56


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("skyrocket-1a2b3c4d.efi", Name("1a2b3c4d")),
        ("skyrocket-1a2b3c4d+1.efi", Name("1a2b3c4d", 1)),
        ("skyrocket-1a2b3c4d+0-1.efi", Name("1a2b3c4d", 0, 1)),
        ("SKYROCKET-1A2B3C4D+0-1.EFI", Name("1a2b3c4d", 0, 1)),
    ],
)
def test_reads_names(text: str, name: Name) -> None:
    """Names with and without counter are read, in either case (FAT does not tell them apart)."""
    assert slots.parse(text) == name
    assert str(name) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "other.efi",
        "skyrocket-1a2b3c4.efi",
        "skyrocket-1a2b3c4g.efi",
        "skyrocket-1a2b3c4d+.efi",
        "skyrocket-1a2b3c4d+x.efi",
        "skyrocket-1a2b3c4d+0-.efi",
        "skyrocket-1a2b3c4d.efi.part",
        "skyrocket-1a2b3c4d+100-100.efi",
    ],
)
def test_other_files_are_not_ours(text: str) -> None:
    """Whatever is not exactly such a name is left alone."""
    assert slots.parse(text) is None


def test_all_forms_take_the_same_records_of_a_folder() -> None:
    """Trial, exhausted and blessed name need two long-name records each: 14 to 26 characters."""
    forms = (slots.name_for(ROOT), slots.name_for(ROOT, 1), str(Name("1a2b3c4d", 0, 1)))
    assert {-(-len(name) // 13) for name in forms} == {2}


def test_blessed_and_exhausted() -> None:
    """No counter means blessed, no tries left means exhausted."""
    assert Name("1a2b3c4d").blessed
    assert Name("1a2b3c4d", 0, 1).exhausted
    assert not Name("1a2b3c4d", 1).exhausted
