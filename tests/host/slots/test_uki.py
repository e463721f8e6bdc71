"""What a kernel image says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.uki import image

from skyrocket.host.slots import uki
from skyrocket.host.system.faults import DoorError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_kernel_image_says_its_version_and_its_root(tmp_path: Path) -> None:
    (tmp_path / "uki").write_bytes(image("1.2.0", "ab" * 32))
    assert uki.read(str(tmp_path / "uki")) == uki.Kernel("x86_64", "1.2.0", "vm-dev", "ab" * 32)


@pytest.mark.parametrize("data", [b"", b"MZ", image("1.2.0", "ab" * 32)[:5000], b"\0" * 4096])
def test_what_is_none_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "uki").write_bytes(data)
    with pytest.raises(DoorError, match="cannot read the kernel image uki"):
        uki.read(str(tmp_path / "uki"))
