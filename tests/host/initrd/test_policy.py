"""Before PID 1: what is labelled on partitions that are older than the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.host.initrd import policy
from skyrocket.host.system import selinux
from skyrocket.host.system.faults import DoorError

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
    """A root that brings no policy gets no labels and no options for them."""
    found: dict[str, str] = {}
    policy.label_private(str(tmp_path), active=False, label=found.__setitem__)
    assert not policy.load(str(tmp_path))
    assert (found, policy.option(policy.ETC, active=False)) == ({}, "")


def test_a_policy_that_cannot_be_loaded_ends_the_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel without SELinux (`selinux=0`, another `lsm=`) is no way around the root's policy."""

    def refuse(*_: object) -> None:
        raise DoorError("cannot mount selinuxfs on /sys/fs/selinux: No such file or directory")

    monkeypatch.setattr(selinux.kernel, "mount", refuse)
    file = tmp_path / policy.FILE.lstrip("/")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"policy")
    with pytest.raises(DoorError, match="selinuxfs"):
        policy.load(str(tmp_path))


def test_active_means_that_the_interface_is_there(tmp_path: Path) -> None:
    """The kernel shows `enforce` where its file system is mounted."""
    assert not selinux.active(str(tmp_path))
    (tmp_path / "enforce").touch()
    assert selinux.active(str(tmp_path))
