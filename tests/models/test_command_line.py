"""Which command lines are the ones that were built, and which have words from elsewhere."""

from __future__ import annotations

import pytest

from skyrocket.models.command_line import compare

BUILT = ["quiet", "roothash=00"]
ADDED = [["loglevel=7"], ["loglevel=7", "audit=1"]]


@pytest.mark.parametrize(
    "actual",
    [BUILT, [*BUILT, "loglevel=7"], [*BUILT, "loglevel=7", "audit=1"]],
    ids=" ".join,
)
def test_words_of_the_image_and_of_signed_addons_are_expected(actual: list[str]) -> None:
    """The image's own words, then whole additions."""
    assert compare(actual, BUILT, ADDED).same()


@pytest.mark.parametrize(
    ("actual", "strange", "missing"),
    [
        ([*BUILT, "enforcing=0"], ["enforcing=0"], []),
        ([*BUILT, "audit=1"], ["audit=1"], []),
        ([*BUILT, "loglevel=7", "audit=1", "audit=1"], ["audit=1"], []),
        (["quiet", "init=/x", "roothash=00"], ["init=/x"], BUILT),
        (["quiet"], ["quiet"], ["roothash=00"]),
        ([], [], BUILT),
    ],
)
def test_every_other_word_is_named(
    actual: list[str], strange: list[str], missing: list[str]
) -> None:
    """Added, repeated, in between, taken away: each is a difference that says what."""
    found = compare(actual, BUILT, ADDED)
    assert (found.strange, found.missing) == (strange, missing)
