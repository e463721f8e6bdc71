"""File contexts: the last expression that fits gives the label."""

from __future__ import annotations

import pytest

from skyrocket.build.image.entries import Entry
from skyrocket.build.image.labels import LabelError, Rule, label_of, labelled, parse

TEXT = """/.*\tu:r:os:s0
/var(/.*)?\tu:r:local:s0

/\t-d\tu:r:top:s0
/run/api\\.sock\t-s\tu:r:socket:s0
"""
RULES = parse(TEXT)


def test_the_compilers_form_is_read() -> None:
    """Two or three words a line; the order stays."""
    expected = (
        Rule("/.*", "", "u:r:os:s0"),
        Rule("/var(/.*)?", "", "u:r:local:s0"),
        Rule("/", "folder", "u:r:top:s0"),
        Rule("/run/api\\.sock", "socket", "u:r:socket:s0"),
    )
    assert parse(TEXT) == expected


@pytest.mark.parametrize(
    ("path", "kind", "label"),
    [
        ("/", "folder", "u:r:top:s0"),
        ("/", "file", "u:r:os:s0"),
        ("/var", "folder", "u:r:local:s0"),
        ("/var/lib/x", "file", "u:r:local:s0"),
        ("/variable", "file", "u:r:os:s0"),
        ("/run/api.sock", "socket", "u:r:socket:s0"),
        ("/run/api.sock", "file", "u:r:os:s0"),
        ("/run/apixsock", "socket", "u:r:os:s0"),
    ],
)
def test_the_last_that_fits_wins(path: str, kind: str, label: str) -> None:
    """An expression matches whole paths, and only files of its kind."""
    assert label_of(RULES, path, kind) == label


def test_entries_get_theirs() -> None:
    """An entry's path has no slash in front, and nothing else of it changes."""
    entry = Entry("var/x", "file", 0o644, "test", content=b"x")
    assert labelled([entry], RULES) == [entry._replace(label="u:r:local:s0")]


@pytest.mark.parametrize("line", ["/x", "/x -q u:r:t:s0", "/x -d u:r:t:s0 more"])
def test_what_is_not_understood_is_said(line: str) -> None:
    """A word too many or too few, or a kind that does not exist."""
    with pytest.raises(LabelError, match="line 1"):
        parse(line)


def test_a_path_without_a_rule_is_a_mistake() -> None:
    """Nothing gets a label by accident."""
    with pytest.raises(LabelError, match="cannot label /x"):
        label_of(parse("/y u:r:t:s0"), "/x", "file")
