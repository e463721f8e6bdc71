"""CIL is read into words and parentheses, and its comments into meanings."""

from __future__ import annotations

import pytest

from skyrocket.build.policy import cil


def test_statements_nest_and_comments_go() -> None:
    """Strings keep what would end a word; comments end with the line."""
    text = '; (not this)\n(allow a b ; nor this\n (file (read)))\n(filecon "/x(/.*)?" any c)\n'
    expected = [("allow", "a", "b", ("file", ("read",))), ("filecon", "/x(/.*)?", "any", "c")]
    assert cil.parse(text) == expected


@pytest.mark.parametrize("text", ["(allow a", "a)", "word"])
def test_what_is_no_cil_is_said(text: str) -> None:
    """A parenthesis too many or too few, and a word outside a statement."""
    with pytest.raises(cil.CilError, match="cannot read CIL"):
        cil.parse(text)


def test_words_have_the_meanings_listed_before_them() -> None:
    """Each list belongs to the class map that follows it."""
    text = ";   see  that it is there\n(classmap files (see touch))\n(classmap other (see))\n"
    expected = {
        ("files", "see"): "that it is there",
        ("files", "touch"): "",
        ("other", "see"): "",
    }
    assert cil.of_words(text) == expected


def test_a_silence_has_the_comment_right_before_it() -> None:
    """And none where there is none."""
    text = "; One\n; reason.\n(dontaudit a b (dir (write)))\n\n(dontaudit a c (dir (write)))\n"
    assert cil.of_silences(text) == ["One reason.", ""]
