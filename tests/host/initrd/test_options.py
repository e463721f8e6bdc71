"""What the initrd takes from the kernel command line."""

from __future__ import annotations

import pytest

from skyrocket.host.initrd.errors import BootError
from skyrocket.host.initrd.options import parse

HASH = "ab" * 32


def test_defaults() -> None:
    """A root hash is enough."""
    options = parse(f"quiet console=ttyS0 roothash={HASH.upper()}")
    assert options.root_hash == HASH
    assert (options.on_corruption, options.disk_wait, options.watchdog) == ("restart", 20, 60)


def test_lab_may_wait_longer() -> None:
    """Slow machines get longer times by words of ours; the last word wins."""
    options = parse(f"roothash={HASH} skyrocket.disk-wait=30 skyrocket.disk-wait=60")
    assert options.disk_wait == 60


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("quiet", "no roothash="),
        ("roothash=abc", "64 digits"),
        (f"roothash={HASH} skyrocket.verity=ignore", "restart or panic"),
    ],
)
def test_refusals(line: str, reason: str) -> None:
    """Without a root hash, or asked to overlook corruption, no boot goes on."""
    with pytest.raises(BootError, match=reason):
        parse(line)
