"""passwd, group and shadow from the packages' tables."""

from __future__ import annotations

from skyrocket.build.image import accounts
from skyrocket.models.definition import Package, User

PACKAGES = [
    Package(description="", users=(User(name="late", id=90, home="/var/late"),)),
    Package(
        description="", users=(User(name="root", id=0, home="/root"),),
        groups=(User(name="api", id=274), User(name="tty", id=5)),
    ),
]  # fmt: skip


def test_files() -> None:
    """In order of number; a user has a group of its own; nobody has a password or a shell."""
    assert accounts.files(PACKAGES) == {
        "passwd": b"root:x:0:0::/root:/nonexistent\nlate:x:90:90::/var/late:/nonexistent\n",
        "group": b"root:x:0:\ntty:x:5:\nlate:x:90:\napi:x:274:\n",
        "shadow": b"root:!*:::::::\nlate:!*:::::::\n",
    }


def test_order_of_packages_does_not_matter() -> None:
    """The files depend on what is in the tables, not on who wrote them first."""
    assert accounts.files(reversed(PACKAGES)) == accounts.files(PACKAGES)
