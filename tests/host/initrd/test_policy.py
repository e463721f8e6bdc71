"""Before PID 1: what is labelled on partitions that are older than the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.initrd import policy
from skyrocket.host.system import selinux

if TYPE_CHECKING:
    from pathlib import Path


def test_the_private_partition_gets_its_labels(tmp_path: Path) -> None:
    """Settings are private_t, boot records state_t, and links are labelled, not followed."""
    (tmp_path / "boot/pstore").mkdir(parents=True)
    (tmp_path / "boot/state").touch()
    (tmp_path / "store").mkdir()
    (tmp_path / "store/settings").touch()
    (tmp_path / "elsewhere").symlink_to("/usr")
    found: dict[str, str] = {}
    policy.label_private(str(tmp_path), active=True, label=found.__setitem__)
    expected = {
        "": policy.PRIVATE,
        "/boot": policy.STATE,
        "/boot/pstore": policy.STATE,
        "/boot/state": policy.STATE,
        "/store": policy.PRIVATE,
        "/store/settings": policy.PRIVATE,
        "/elsewhere": policy.PRIVATE,
    }
    assert found == {f"{tmp_path}{path}": label for path, label in expected.items()}


def test_nothing_happens_without_selinux(tmp_path: Path) -> None:
    """A kernel that was not told of it has no labels and no options for them."""
    found: dict[str, str] = {}
    policy.label_private(str(tmp_path), active=False, label=found.__setitem__)
    policy.load(wanted=False)
    assert (found, policy.option(policy.ETC, active=False)) == ({}, "")


def test_active_means_that_the_interface_is_there(tmp_path: Path) -> None:
    """The kernel shows `enforce` where its file system is mounted."""
    assert not selinux.active(str(tmp_path))
    (tmp_path / "enforce").touch()
    assert selinux.active(str(tmp_path))
