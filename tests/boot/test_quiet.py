"""How the journals that boot tests end with are judged; no boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot.quiet import PIECE, Provoked, judge, lines_on

from skyrocket.build.policy.denials import Denial

if TYPE_CHECKING:
    from pathlib import Path

ASKED = Denial("super_t", "any_t", "security", ("setenforce",))
OTHER = Denial("api_t", "etc_t", "file", ("write", "open"))


def test_what_was_provoked_is_fine_and_the_rest_is_not() -> None:
    """One line for each kind of refusal, however often it came."""
    provoked = [Provoked("super_t", "any_t", "security", "setenforce")]
    assert judge([ASKED, ASKED], provoked) == []
    assert judge([ASKED, OTHER, OTHER], provoked) == [f"refused: {OTHER}"]


def test_what_was_provoked_and_did_not_come_is_said() -> None:
    """Every part counts: who, whom, class and permission."""
    for asked in (
        Provoked("control_t", "any_t", "security", "setenforce"),
        Provoked("super_t", "os_t", "security", "setenforce"),
        Provoked("super_t", "any_t", "system", "setenforce"),
        Provoked("super_t", "any_t", "security", "load_policy"),
    ):
        assert judge([ASKED], [asked]) == [f"refused: {ASKED}", f"not refused: {asked}"]


def test_one_permission_of_several_is_enough() -> None:
    """The kernel says permissions that it was asked for at once in one line."""
    assert judge([OTHER], [Provoked("api_t", "etc_t", "file", "open")]) == []


LINE = (
    'avc:  denied  { setenforce } for  pid=1503 comm="9" '
    "scontext=system_u:system_r:super_t:s0 tcontext=system_u:object_r:any_t:s0 tclass=security"
)
LOADED = "audit: type=1403 audit(1764086391.5:2): auid=4294967295 ses=4294967295 lsm=selinux res=1"


@pytest.mark.parametrize("at", [0, 12_345, PIECE - 40, 3 * PIECE + 7])
def test_a_disk_is_searched_as_far_as_it_has_data(tmp_path: Path, at: int) -> None:
    """Wherever the lines lie, across the pieces that are read as well; holes are passed over."""
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(64 * PIECE)
        file.seek(at)
        file.write(f"\0\1{LOADED}\0\2MESSAGE={LINE} permissive=0\0".encode())
    loads, found = lines_on(disk)
    assert loads >= 1
    assert set(found) == {ASKED._replace(program="9")}


def test_a_disk_without_a_journal_says_nothing(tmp_path: Path) -> None:
    """Nor does one of nothing."""
    disk = tmp_path / "disk"
    disk.write_bytes(b"avc: denied, they said" * 1000)
    assert lines_on(disk) == (0, [])
    disk.write_bytes(b"")
    assert lines_on(disk) == (0, [])
