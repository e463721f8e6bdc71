"""How the journals that boot tests end with are judged; no boot."""

from __future__ import annotations

from boot.quiet import Provoked, judge

from skyrocket.build.policy.denials import Denial

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
