import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.client import jsontext

values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda below: st.one_of(st.lists(below), st.dictionaries(st.text(), below)),
    max_leaves=10,
)  # fmt: skip


@given(values)
def test_what_is_written_is_read_back_by_anyone(value):
    assert json.loads(jsontext.compact(value)) == value
    assert jsontext.parse(jsontext.pretty(value)) == value


@given(values)
def test_the_pretty_form_is_that_of_the_standard_library(value):
    wanted = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    assert jsontext.pretty(value) == wanted


@pytest.mark.parametrize(
    "text", ["", " ", "{", "[1,", "nul", "NaN", "1 2", '{"a":}', "'a'", "\x00"]
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(jsontext.NotJsonError):
        jsontext.parse(text)


def test_blanks_around_a_value_are_fine():
    assert jsontext.parse(" \n[1]\t") == [1]
