"""Variables of firmware and boot loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.system import efi

if TYPE_CHECKING:
    from pathlib import Path

SWITCH = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
NAME = "LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"


def test_text_follows_the_attributes(tmp_path: Path) -> None:
    """Four bytes of attributes, then UTF-16 that ends with a zero."""
    text = "\\EFI\\Linux\\skyrocket-1a2b3c4d+0-1.efi"
    (tmp_path / NAME).write_bytes(b"\6\0\0\0" + (text + "\0").encode("utf-16-le"))
    assert efi.loader_variable("LoaderBootCountPath", str(tmp_path)) == text


def test_unset_variable_is_empty(tmp_path: Path) -> None:
    """With direct kernel boot there is no such variable, and that is no error."""
    assert efi.loader_variable("LoaderBootCountPath", str(tmp_path)) == ""
    assert not efi.make_readable(str(tmp_path / "absent"))


def test_firmware_says_whether_it_checked(tmp_path: Path) -> None:
    """One byte after the attributes; no variable and an empty one say nothing."""
    said = []
    for raw in (b"\6\0\0\0\1", b"\6\0\0\0\0", b"\6\0\0\0"):
        (tmp_path / SWITCH).write_bytes(raw)
        said.append(efi.secure_boot(str(tmp_path)))
    assert [*said, efi.secure_boot(str(tmp_path / "absent"))] == [True, False, None, None]
