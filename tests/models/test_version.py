"""Version comparison: the loader's order, which ours must never leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.models.version import compare, newer

TEXTS = st.text("01289ab.-~^_+", max_size=12)


@pytest.mark.parametrize(
    ("older", "younger"),
    [
        ("1.9.0", "1.10.0"),
        ("1.0~rc1", "1.0"),
        ("1.0", "1.0-rc1"),
        ("1.0", "1.0.1"),
        ("1.0~~", "1.0~"),
        ("1.0", "1.0^1"),
        ("1.0^1", "1.0.1"),
        ("1.0-1", "1.0.1"),
        ("1.0a", "1.01"),
        ("1.a", "1.0"),
        ("abc", "abd"),
        ("ab", "abc"),
        ("", "1"),
        ("~", ""),
        ("122.1", "123~rc1-1"),
        ("123~rc1-1", "123"),
        ("123", "123-a"),
        ("123-a", "123-a.1"),
        ("123-a.1", "123-1"),
        ("123-1", "123-1.1"),
        ("123-1.1", "123^post1"),
        ("123^post1", "123.a-1"),
        ("123.a-1", "123.1-1"),
        ("123.1-1", "123a-1"),
        ("123a-1", "124-1"),
    ],
)
def test_order(older: str, younger: str) -> None:
    """Each pair of the specification's own list is in its order, both ways round."""
    assert compare(older, younger) < 0
    assert compare(younger, older) > 0
    assert newer(younger, older)


@pytest.mark.parametrize(("left", "right"), [("1.0", "1.00"), ("007", "7"), ("1_0", "1_0")])
def test_equal(left: str, right: str) -> None:
    """Leading zeros make no version newer."""
    assert compare(left, right) == 0


@given(TEXTS, TEXTS, TEXTS)
def test_is_an_order(a: str, b: str, c: str) -> None:
    """Comparison is antisymmetric, and transitive wherever two steps go the same way."""
    assert compare(a, b) == -compare(b, a)
    if compare(a, b) <= 0 and compare(b, c) <= 0:
        assert compare(a, c) <= 0
