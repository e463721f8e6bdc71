"""The report of a boot is JSON that any reader takes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from skyrocket.host.initrd.report import Report, to_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_json_reads_back(value: object) -> None:
    """Whatever we write by hand, the standard reader reads as the same value."""
    assert json.loads(to_json(value)) == value


def test_seconds_have_milliseconds() -> None:
    """Times are written with three decimals."""
    assert to_json({"root": 1.23456}) == '{"root": 1.235}'


def test_degraded_reasons_are_kept() -> None:
    """A reason to be degraded is remembered also while nothing can be said yet."""
    report = Report()
    report.degrade("no data partition")
    assert report.degraded == ["no data partition"]
