"""Who an image's USER is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.host.containers import users
from skyrocket.host.containers.errors import SpecificationError
from skyrocket.host.containers.model import User

if TYPE_CHECKING:
    from pathlib import Path

PASSWD = "root:x:0:0::/:/bin/sh\nweb:x:33:44:w:/srv:/bin/sh\nbad line\n"
GROUP = "root:x:0:\nweb:x:44:\nlogs:x:50:root,web\nall:x:51:web\n"


@pytest.mark.parametrize(
    ("wanted", "user"),
    [
        ("web", User(33, 44, (50, 51))),
        ("33", User(33, 44, (50, 51))),
        ("web:logs", User(33, 50, (51,))),
        ("65534:65534", User(65534, 65534)),
        ("1234", User(1234, 0)),
    ],
)
def test_by_the_images_own_files(wanted: str, user: User) -> None:
    """Names and numbers, with and without a group, mean what the image says."""
    assert users.resolve(wanted, PASSWD, GROUP) == user


@pytest.mark.parametrize("wanted", ["nobody", "web:nogroup", "-1", "9999999999"])
def test_unknown_users(wanted: str) -> None:
    """A user that the image does not know is an error, not root."""
    with pytest.raises(SpecificationError, match="the image does not know it"):
        users.resolve(wanted, PASSWD, GROUP)


def test_no_user_is_root(tmp_path: Path) -> None:
    """An image that names nobody runs as root, without looking at its files."""
    assert users.find("", str(tmp_path)) == User()


def test_links_out_of_the_image_are_not_followed(tmp_path: Path) -> None:
    """An image cannot make us read the node's files."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "passwd").write_text("web:x:0:0::/:/\n")
    rootfs = tmp_path / "rootfs"
    (rootfs / "etc").mkdir(parents=True)
    (rootfs / "etc/passwd").symlink_to(outside / "passwd")
    with pytest.raises(SpecificationError):
        users.find("web", str(rootfs))
    (rootfs / "etc/passwd").unlink()
    (rootfs / "etc").rmdir()
    (rootfs / "etc").symlink_to(outside)
    with pytest.raises(SpecificationError):
        users.find("web", str(rootfs))
